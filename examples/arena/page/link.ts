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

const rate = (kbit: number) => (kbit >= 1000 ? `${+(kbit / 1000).toFixed(1)} Mbit/s` : `${kbit} kbit/s`);

/** What a link does, in words. */
export function inWords(p: Preset): string {
  const parts = [`round trip ${+p.rtt_ms.toFixed(1)} ms`];
  const each = [];
  if (p.jitter_ms > 0) each.push(`jitter ${+p.jitter_ms.toFixed(1)} ms`);
  if (p.loss_percent > 0) each.push(`${+p.loss_percent.toFixed(2)} % lost`);
  parts.push(each.length > 0 ? `each way ${each.join(", ")}` : "nothing lost");
  if (p.capacity_varies) parts.push("a rate that changes");
  else if (p.down_kbit_per_s > 0) parts.push(`${rate(p.down_kbit_per_s)} down`, `${rate(p.up_kbit_per_s)} up`);
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}
