import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../wire/error.js";
import { Reason } from "./reason.js";

test("each code has its name", () => {
  const codes = Object.entries(Code).filter(([, code]) => typeof code === "number" && code < 256);
  assert.ok(codes.length > 20);
  for (const [name, code] of codes as [string, number][]) {
    const words = name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`);
    assert.match(String(new Reason(code)), RegExp(`^${code ? words : "closed"} \\(`));
  }
  for (const code of [20, 63, 66, 68, 255, 256, 300])
    assert.match(String(new Reason(code)), RegExp(`^code ${code} \\(`));
});

test("a reason says what it was, who decided, and what would help", () => {
  for (const [reason, want] of [
    [new Reason(Code.none), "closed (by this side)"],
    [new Reason(Code.banned, "no shouting", true), "banned: no shouting (by the peer)"],
    [new Reason(Code.full, "", true), "full (by the peer); try again"],
    [new Reason(Code.full, "", true, 3), "full (by the peer); try again after 3 s"],
    [new Reason(Code.tooEarly, "", true), "too early (by the peer); try again with another connect token"],
    [
      new Reason(Code.internal, "", true, 5),
      "internal (by the peer); try again after 5 s with another connect token",
    ],
    [new Reason(Code.tooFast, "", true, 2), "too fast (by the peer); try again after 2 s"],
    [new Reason(300, "supper"), "code 300: supper (by this side)"],
  ] as const)
    assert.equal(String(reason), want);
});
