import type { Scores } from "./arena.js";
import { element, find } from "./page.js";

const lines = 6;
const lineLasts = 14_000; // milliseconds
const rowsShown = 8;

/** The Hud is what is written over the field: scores, talk, what just happened. */
export class Hud {
  /** Somebody says something. */
  onSay: (text: string) => void = () => {};
  private readonly log = find("said");
  private readonly input = find<HTMLInputElement>("say");
  private readonly form = find<HTMLFormElement>("talk");
  private noteGone: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.form.addEventListener("submit", (e) => {
      e.preventDefault();
      const text = this.input.value.trim();
      if (text !== "") this.onSay(text);
      this.input.value = "";
      this.input.blur();
    });
    addEventListener("keydown", (e) => {
      const playing = document.body.classList.contains("playing");
      if (e.key === "Enter" && playing && e.target === document.body) {
        e.preventDefault();
        this.talk();
      }
      if (e.key === "Escape") this.input.blur();
    });
    this.input.addEventListener("blur", () => document.body.classList.remove("talking"));
    find("open-talk").addEventListener("click", () => this.talk());
  }

  private talk(): void {
    document.body.classList.add("talking");
    this.input.focus();
  }

  chat(from: string, text: string): void {
    const line = element("li", element("b", from), ` ${text}`);
    this.log.append(line);
    while (this.log.children.length > lines) this.log.firstElementChild!.remove();
    setTimeout(() => line.classList.add("old"), lineLasts);
  }

  scores(table: Scores, you: number | undefined): void {
    const rows = [...table.rows].sort((a, b) => b.frags - a.frags || a.deaths - b.deaths || a.id - b.id);
    const mine = rows.findIndex(({ id }) => id === you);
    const shown = rows.slice(0, rowsShown);
    if (mine >= rowsShown) shown[rowsShown - 1] = rows[mine]!;
    find("rows").replaceChildren(
      ...shown.map((row) => {
        const cells = [`${rows.indexOf(row) + 1}`, row.name, `${row.frags}`, `${row.deaths}`];
        const tr = element("tr", ...cells.map((text) => element("td", text)));
        tr.classList.toggle("you", row.id === you);
        return tr;
      }),
    );
    const own = rows[mine];
    find("standing").textContent = own ? `place ${mine + 1} of ${rows.length}` : "";
  }

  /** Says for a moment what happened. */
  note(text: string): void {
    const note = find("note");
    note.textContent = text;
    note.classList.add("shown");
    clearTimeout(this.noteGone);
    this.noteGone = setTimeout(() => note.classList.remove("shown"), 1800);
  }

  /** Says for a while what the keys are; who walks or fires knows it. */
  hint(shown: boolean): void {
    find("hint").hidden = !shown;
  }

  /** Says what is the matter, until it is not; "" if nothing is. */
  banner(text: string): void {
    const banner = find("banner");
    banner.textContent = text;
    banner.hidden = text === "";
  }
}
