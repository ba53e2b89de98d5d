import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// from ts/dist/testdata, where this is compiled to
const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

/** How long a machine may take that does something else, in milliseconds: who waits for what comes hangs on no time. */
export const patience = 120_000;

let built: string | undefined;

/** Builds the server of ts/testdata/server once. */
function program(): string {
  if (built) return built;
  const folder = mkdtempSync(join(tmpdir(), "tickwire-ts-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  // go run keeps what it links, which go build -o does again for each process: the program that runs it copies it
  const made = spawnSync("go", ["run", "-exec", "cp", "./ts/testdata/server", folder], { cwd: root });
  if (made.status !== 0) throw new Error(`go run: ${made.error ?? made.stderr}`);
  return (built = join(folder, "server"));
}

/** What a line of the server tells. */
export interface Line {
  address?: string;
  token?: string;
  event?: string;
  player?: number;
  code?: number;
  text?: string;
  resumed?: boolean;
  kept?: boolean;
  failed?: string;
  /** A typed message, and the version that it had. */
  read?: unknown;
  version?: number;
}

/** A GoServer is a real server as a process of its own, which says everything back. */
export class GoServer {
  /** What it told, and nobody waited for. */
  readonly lines: Line[] = [];
  private readonly waiting: { wants: (l: Line) => boolean; resolve: (l: Line) => void }[] = [];
  address = "";

  private constructor(private readonly child: ChildProcess) {
    createInterface(child.stdout!).on("line", (text) => {
      const line = JSON.parse(text) as Line;
      const i = this.waiting.findIndex((w) => w.wants(line));
      if (i < 0) this.lines.push(line);
      else this.waiting.splice(i, 1)[0]!.resolve(line);
    });
  }

  /** Starts one with settings as server/main.go has them. */
  static async start(settings: Record<string, unknown> = {}): Promise<GoServer> {
    const child = spawn(program(), [JSON.stringify(settings)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const server = new GoServer(child);
    server.address = (await server.line((l) => l.address !== undefined)).address!;
    return server;
  }

  /** The next line that is wanted, or one that came before. */
  async line(wants: (l: Line) => boolean): Promise<Line> {
    const i = this.lines.findIndex(wants);
    if (i >= 0) return this.lines.splice(i, 1)[0]!;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the server does not say it: ${wants}`)), patience);
      this.waiting.push({ wants, resolve: (l) => (clearTimeout(late), resolve(l)) });
    });
  }

  /** Tells it what to do. */
  tell(command: Record<string, unknown>): void {
    this.child.stdin!.write(JSON.stringify(command) + "\n");
  }

  /** A connect token for a player. */
  async token(player: number): Promise<Uint8Array> {
    this.tell({ token: player });
    const { token } = await this.line((l) => l.token !== undefined);
    return new Uint8Array(Buffer.from(token!, "base64"));
  }

  /** Waits for what happens to a player there. */
  event(kind: string, player: number): Promise<Line> {
    return this.line((l) => l.event === kind && l.player === player);
  }

  /** Ends it as servers are ended. */
  async stop(): Promise<void> {
    await this.over(() => this.child.stdin!.end());
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    await this.over(() => this.child.kill("SIGKILL"));
  }

  private over(how: () => void): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return resolve();
      this.child.on("close", () => resolve());
      how();
    });
  }
}
