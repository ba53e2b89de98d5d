import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const words = (text: string) => text.match(/[A-Za-z_$][\w$]*/g) ?? [];
const withoutComments = (text: string) => text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "");

/** A Module is a .d.ts as tsc writes it: each declaration begins at the start of a line. */
class Module {
  readonly declared = new Map<string, string>();
  /** Names that come from other files, with the names there. */
  readonly imported = new Map<string, readonly [file: string, name: string]>();
  /** Files of which everything is exported. */
  readonly stars: string[] = [];

  constructor(file: string) {
    let name = "";
    for (const part of withoutComments(readFileSync(file, "utf8")).split(/^(?=\w)/m)) {
      const from = /from "(\..*)\.js"/.exec(part)?.[1];
      if (from) {
        this.link(part, resolve(dirname(file), `${from}.d.ts`));
        continue;
      }
      name = /(?:class|interface|type|const|function) ([\w$]+)/.exec(part)?.[1] ?? name;
      this.declared.set(name, (this.declared.get(name) ?? "") + part);
    }
  }

  private link(part: string, from: string): void {
    const names = /\{([^}]*)\}/.exec(part)?.[1];
    if (names === undefined) {
      this.stars.push(from);
      return;
    }
    for (const [there, here = there] of names
      .split(",")
      .map((n) => words(n).filter((w) => w !== "type" && w !== "as")))
      if (there && here) this.imported.set(here, [from, there]);
  }
}

/**
 * The words of everything that a program can reach from declaration files: of what they export, of the types in
 * that, and so on, but for private members. There are more words than names of properties among them, which does
 * no harm.
 */
export function publicNames(files: readonly string[]): Set<string> {
  const names = new Set<string>();
  const modules = new Map<string, Module>();
  const seen = new Set<string>();
  const reach = (file: string, name: string): void => {
    if (seen.has(`${file} ${name}`)) return;
    seen.add(`${file} ${name}`);
    const module = modules.get(file) ?? new Module(file);
    modules.set(file, module);
    const there = module.imported.get(name);
    if (there) return reach(...there);
    const text = module.declared.get(name);
    if (text === undefined) return module.stars.forEach((star) => reach(star, name));
    for (const word of words(text.replace(/^ +private .*/gm, ""))) {
      names.add(word);
      reach(file, word);
    }
  };
  const all = (file: string): void => {
    const { declared, imported, stars } = new Module(file);
    for (const name of [...declared.keys(), ...imported.keys()]) reach(file, name);
    stars.forEach(all);
  };
  files.forEach(all);
  return names;
}

/** The members that declarations of others name, of whatever type. */
export function foreignNames(files: readonly string[]): Set<string> {
  const names = new Set<string>();
  const member = /^ +(?:(?:readonly|get|set) )*([A-Za-z_$][\w$]*)\??[(:<]/gm;
  for (const file of files)
    for (const [, name] of withoutComments(readFileSync(file, "utf8")).matchAll(member))
      names.add(name!);
  return names;
}

/** The words that stand as strings in a program, of which names may come, and what its modules export. */
export function spelledNames(program: string): Set<string> {
  const quoted = program.matchAll(/["'`]([A-Za-z_$][\w$]*)["'`]/g);
  const exported = program.matchAll(/(?:__export\(\w+, |export )\{([^}]*)\}/g);
  return new Set([...quoted, ...exported].flatMap(([, names]) => words(names!)));
}
