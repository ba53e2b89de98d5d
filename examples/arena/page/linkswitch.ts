import { inWords, links, switchLink, type Links } from "./link.js";
import { element, find } from "./page.js";

const askEvery = 4000; // milliseconds: others may switch the link too

/** A LinkSwitch is the choice of the link, if the server has one. ?link=wifi-bad in the page's address chooses at once. */
export class LinkSwitch {
  private readonly presets = find("presets");
  private readonly words = find("link-words");
  private links: Links | undefined;
  private asked = new URLSearchParams(location.search).get("link");
  private addressed = this.asked !== null;
  private told = ""; // which link the words are about

  /** @param onSwitch the link is another one than before */
  constructor(private readonly onSwitch: () => void) {
    void this.ask();
    this.presets.addEventListener("keydown", (e) => this.arrow(e));
  }

  private async ask(): Promise<void> {
    const found = document.hidden ? this.links : await links();
    if (found) this.show(found);
    if (found) this.obey(found);
    if (this.links) setTimeout(() => void this.ask(), askEvery);
  }

  /** Does what the address asks for, once. */
  private obey({ now, presets }: Links): void {
    const { asked } = this;
    this.asked = null;
    if (asked === null || asked === now) return;
    if (presets.some(({ name }) => name === asked)) void this.choose(asked);
    else {
      this.say(`There is no link ${JSON.stringify(asked)}, which the address asks for.`);
      this.told = now; // so it stays
    }
  }

  private say(...lines: string[]): void {
    this.told = "";
    this.words.replaceChildren(...lines.map((line) => element("span", line)));
  }

  /** Shows the links that there are, and which it is. */
  private show(found: Links): void {
    const before = this.links;
    this.links = found;
    find("link").hidden = false;
    if (before && before.now !== found.now) this.onSwitch();
    if (before?.presets.length !== found.presets.length) {
      this.presets.replaceChildren(...found.presets.map(({ name }) => this.choice(name)));
    }
    for (const button of this.presets.children) {
      const chosen = (button as HTMLElement).dataset["name"] === found.now;
      button.setAttribute("aria-checked", String(chosen));
      (button as HTMLElement).tabIndex = chosen ? 0 : -1;
    }
    if (this.told === found.now) return;
    const preset = found.presets.find(({ name }) => name === found.now);
    this.say(...(preset ? inWords(preset) : []));
    this.told = found.now;
    if (!this.asked) this.address(found.now);
  }

  /** Has the page's address say which link it is, where that was asked for or chosen: so it can be passed on. */
  private address(now: string): void {
    if (!this.addressed) return;
    const url = new URL(location.href);
    url.searchParams.set("link", now);
    history.replaceState(null, "", url);
  }

  private choice(name: string): HTMLElement {
    const button = element("button", name);
    button.type = "button";
    button.setAttribute("role", "radio");
    button.dataset["name"] = name;
    button.addEventListener("click", () => void this.choose(name));
    return button;
  }

  private async choose(name: string): Promise<void> {
    this.addressed = true;
    const found = await switchLink(name);
    if (found) this.show(found);
    else this.say("The server did not switch the link.");
  }

  /** Arrow keys go from one choice to the next, as in any group of radio buttons. */
  private arrow(e: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.code];
    const all = [...this.presets.children] as HTMLElement[];
    const at = all.findIndex((b) => b === document.activeElement);
    if (!step || at < 0) return;
    e.preventDefault();
    const next = all[(at + step + all.length) % all.length]!;
    next.focus();
    next.click();
  }
}
