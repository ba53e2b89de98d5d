/** A Preset is a link that the demo can put between the players and the server. */
export interface Preset {
  name: string;
  rtt_ms: number;
  jitter_ms: number;
  loss_percent: number;
  up_kbit_per_s: number;
  down_kbit_per_s: number;
  /** The rates change from second to second. */
  capacity_varies?: boolean;
}

/** What GET and POST /link answer. */
export interface Links {
  /** Another one whenever the server is started: it has no seats of the run before. */
  run?: string;
  now: string;
  presets: Preset[];
}

async function ask(init?: RequestInit): Promise<Links | undefined> {
  try {
    const answer = await fetch("/link", init);
    return answer.ok ? ((await answer.json()) as Links) : undefined;
  } catch {
    return undefined;
  }
}

/** The links that there are; undefined: this server has none. */
export const links = () => ask();

/** Puts another link between all players and the server. */
export const switchLink = (name: string) =>
  ask({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ name }),
  });

const units = ["kbit/s", "Mbit/s", "Gbit/s"];

function rate(kbit: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(kbit, 1)) / 3), units.length - 1);
  return `${+(kbit / 1000 ** step).toFixed(1)} ${units[step]}`;
}

/** What a link does, in lines of words. */
export function inWords(p: Preset): string[] {
  const jitter = p.jitter_ms > 0 ? `, jitter ${+p.jitter_ms.toFixed(1)} ms each way` : "";
  const lost = p.loss_percent > 0 ? `${+p.loss_percent.toFixed(2)} % lost each way` : "nothing lost";
  const rates = p.capacity_varies
    ? ", rates that change"
    : p.down_kbit_per_s > 0
      ? `, ${rate(p.down_kbit_per_s)} down, ${rate(p.up_kbit_per_s)} up`
      : "";
  return [`round trip ${+p.rtt_ms.toFixed(1)} ms${jitter}`, `${lost}${rates}`];
}
