// A unit vector is folded onto an octahedron, whose eight faces are spread over a square: two numbers
// from −1 to 1. A rotation is a quaternion without its largest part, whose sign is made positive.
// SPEC.md, 10.3 has both to the bit.

/** x, y, z. */
export type Vector = [number, number, number];

/** x, y, z, w. */
export type Rotation = [number, number, number, number];

/** The code of 0 on an axis of so many bits: its codes go to twice of that. */
function middle(bits: number): number {
  return 2 ** (bits - 1) - 1;
}

/** A number of the octahedron's lower half, mirrored outwards, or back. */
function fold(size: number, sign: number): number {
  return sign < 0 ? -(1 - Math.abs(size)) : 1 - Math.abs(size);
}

// Where codes are left, and the parts of floats: nothing is allocated to compute them.
const codes = /* @__PURE__ */ new Float64Array(4);
const doubles = /* @__PURE__ */ new Float64Array(4);
const floats = /* @__PURE__ */ new Float32Array(4);

/** The parts of a vector, rounded to floats of so many bits. */
function partsOf(v: readonly number[], float: 32 | 64): Float32Array | Float64Array {
  const parts = float === 32 ? floats : doubles;
  for (let i = 0; i < v.length; i++) parts[i] = v[i]!;
  return parts;
}

/**
 * The codes of a direction: two numbers of so many bits (2 to 28), left in the array that is returned
 * until the next call. Its length does not matter, but it must have one: undefined for a vector of
 * zeros, NaN or infinities.
 */
export function unit(v: Readonly<Vector>, bits: number, float: 32 | 64): Float64Array | undefined {
  const parts = partsOf(v, float);
  const x = parts[0]!;
  const y = parts[1]!;
  const z = parts[2]!;
  const sum = Math.abs(x) + Math.abs(y) + Math.abs(z);
  if (!(sum > 0 && sum <= Number.MAX_VALUE)) return undefined;
  let a = x / sum;
  let b = y / sum;
  if (z < 0) {
    const folded = fold(b, a);
    b = fold(a, b);
    a = folded;
  }
  const h = middle(bits);
  let i = Math.floor(a * h + (h + 0.5));
  let j = Math.floor(b * h + (h + 0.5));
  // at the edge two points that mirror each other are one direction, and so are the four corners
  if (i === 0 || i === 2 * h) j = Math.max(j, 2 * h - j);
  if (j === 0 || j === 2 * h) i = Math.max(i, 2 * h - i);
  codes[0] = i;
  codes[1] = j;
  return codes;
}

/** Puts the vector of length 1 of two codes into v, and reports whether they are codes. */
export function fromUnit(a: number, b: number, bits: number, v: Vector): boolean {
  const h = middle(bits);
  if (a > 2 * h || b > 2 * h) return false;
  let x = (a - h) / h;
  let y = (b - h) / h;
  const z = 1 - Math.abs(x) - Math.abs(y);
  if (z < 0) {
    const folded = fold(y, x);
    y = fold(x, y);
    x = folded;
  }
  const n = Math.sqrt(x * x + y * y + z * z);
  v[0] = x / n;
  v[1] = y / n;
  v[2] = z / n;
  return true;
}

/**
 * The codes of a rotation: which part is the largest, then the others in their order, of so many bits
 * each (2 to 18), left in the array that is returned until the next call. q and −q are the same rotation
 * and have the same codes. The length does not matter; undefined for zeros, NaN or infinities.
 */
export function quat(
  q: Readonly<Rotation>,
  bits: number,
  float: 32 | 64,
): Float64Array | undefined {
  const parts = partsOf(q, float);
  let sum = 0;
  for (let i = 0; i < 4; i++) sum += parts[i]! * parts[i]!;
  if (!(sum > 0 && sum <= Number.MAX_VALUE)) return undefined;
  const near = Math.abs(sum - 1) < 2 ** -16; // as it mostly is
  const length = near ? 1.5 - 0.5 * sum : 1 / Math.sqrt(sum);
  let largest = 0;
  for (let i = 1; i < 4; i++) {
    if (Math.abs(parts[i]!) > Math.abs(parts[largest]!)) largest = i;
  }
  const h = middle(bits);
  let scale = h * Math.SQRT2 * length;
  if (parts[largest]! < 0) scale = -scale;
  codes[0] = largest;
  for (let i = 0, at = 1; i < 4; i++) {
    if (i !== largest) codes[at++] = Math.floor(parts[i]! * scale + (h + 0.5)) - h;
  }
  while (!leaves(h)) shrink();
  for (let at = 1; at < 4; at++) codes[at]! += h;
  return codes;
}

/**
 * Reports whether three parts leave so much for the one that is left out that it is the largest by half
 * a step at least, when they are read. Parts are counted in steps, of which 1 has h·√2.
 */
function leaves(h: number): boolean {
  let most = 0;
  let rest = 2 * h * h;
  for (let at = 1; at < 4; at++) {
    const part = codes[at]!;
    most = Math.max(most, Math.abs(part));
    rest -= part * part;
  }
  return rest > most * (most + 1);
}

/** Takes a step of the largest part, the first if there are several. */
function shrink(): void {
  let largest = 1;
  for (let at = 2; at < 4; at++) {
    if (Math.abs(codes[at]!) > Math.abs(codes[largest]!)) largest = at;
  }
  codes[largest]! -= Math.sign(codes[largest]!);
}

/** Puts the rotation of length 1 of four codes into q, and reports whether they are codes. */
export function fromQuat(
  largest: number,
  i: number,
  j: number,
  k: number,
  bits: number,
  q: Rotation,
): boolean {
  const h = middle(bits);
  if (i > 2 * h || j > 2 * h || k > 2 * h) return false;
  const scale = 1 / (h * Math.SQRT2);
  let a = (i - h) * scale;
  let b = (j - h) * scale;
  let c = (k - h) * scale;
  const sum = a * a + b * b + c * c;
  let d = 0;
  if (sum <= 1) {
    d = Math.sqrt(1 - sum);
  } else {
    // codes that no rotation has
    const n = Math.sqrt(sum);
    a /= n;
    b /= n;
    c /= n;
  }
  q[0] = largest === 0 ? d : a;
  q[1] = largest === 1 ? d : largest === 0 ? a : b;
  q[2] = largest === 2 ? d : largest === 3 ? c : b;
  q[3] = largest === 3 ? d : c;
  return true;
}
