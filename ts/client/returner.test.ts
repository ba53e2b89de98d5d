import assert from "node:assert/strict";
import { test } from "node:test";
import { ticketOf } from "../testdata/handshake.js";
import { Comeback } from "./comeback.js";
import { Wallet } from "./wallet.js";

const second = 1_000_000;

test("a transport that throws while a Conn comes back is tried again, until the time is over", () => {
  const wallet = new Wallet();
  wallet.put(ticketOf());
  let shown = 0;
  let over = 0;
  const back = new Comeback(
    {
      show() {
        shown++;
        throw new Error("no such address");
      },
      letIn: () => assert.fail("nobody answered"),
      giveUp: () => over++,
    },
    wallet,
    0,
    10 * second,
  );
  for (let at = 0; over === 0; at = back.deadline()) back.handleTimeout(at);
  assert.equal(shown, 4); // at once, and after 1, 2 and 4 seconds
});
