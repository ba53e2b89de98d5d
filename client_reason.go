package tickwire

import (
	"time"

	"github.com/tickwire/tickwire/netcode"
)

// why says why netcode's attempt, or a plain connection, ended.
func (d *dialed) why(ev netcode.ClientEvent) Reason {
	r := d.whyEnded(ev)
	if d.resumes {
		r = ofTicket(r)
	}
	return r
}

func (d *dialed) whyEnded(ev netcode.ClientEvent) Reason {
	switch refusal := ev.Refusal; refusal.Code {
	case CodeNone:
	case CodePlainServer:
		return Reason{Code: CodePlainServer, Text: CodePlainServer.String()}
	case CodeMismatch:
		return Reason{Code: CodeMismatch, Text: d.conn.end.Difference(refusal.Rows), Remote: true}
	default:
		wait := time.Duration(refusal.RetryAfter) * time.Second
		return Reason{Code: refusal.Code, Text: refusal.Text, Remote: true, RetryAfter: wait}
	}
	switch ev.State {
	case netcode.StateTokenExpired:
		what := "connect token"
		if d.resumes {
			what = "ticket"
		}
		text := "the " + what + " expired before the server let us in"
		if ev.Unanswered {
			text += "; it did not answer: it is down, elsewhere, or has another key or protocol id, which its log says"
		}
		return Reason{Code: CodeExpired, Text: text}
	case netcode.StateDenied:
		return Reason{Code: CodeFull, Text: "the server is full", Remote: true}
	case netcode.StateRequestTimedOut:
		if d.resumes {
			return Reason{Code: CodeTimeout, Text: d.client.unsent() + "the server did not answer our ticket: it is down, elsewhere, " +
				"or has another key or protocol id than when it gave it, which its log says"}
		}
		return Reason{Code: CodeTimeout, Text: d.client.unsent() + "the server did not answer our request: it is down, " +
			"elsewhere, or has another key or protocol id, which its log says; or the path does not carry a datagram of 1078 bytes"}
	case netcode.StateResponseTimedOut:
		return Reason{Code: CodeTimeout, Text: "the server did not confirm our answer"}
	case netcode.StateTimedOut:
		return Reason{Code: CodeTimeout, Text: "nothing was heard from the server"}
	}
	return Reason{Code: CodeNone, Remote: true}
}

// unsent is what a silence begins with if no datagram was ever sent: it is not the server that is silent.
func (c *Client) unsent() string {
	if !c.neglect.flushed {
		return "nothing was sent: is Flush called? So "
	}
	var failed, refused uint64
	for _, p := range c.ports {
		if p.stats.Sent > 0 {
			return ""
		}
		failed, refused = failed+p.stats.Errors, refused+p.stats.Refused
	}
	switch {
	case failed > 0:
		return "nothing was sent: the socket fails, and the log says why. So "
	case refused > 0:
		return "nothing was sent: the socket takes nothing. So "
	}
	return ""
}

// ofTicket says why a ticket is of no use, and adds the way out; after a silence it may be yet, and who
// speaks otherwise than the server gets in with no token either.
func ofTicket(r Reason) Reason {
	switch {
	case r.Code == CodeTimeout || r.Code == CodeMismatch || r.Code == CodeVersion:
		return r
	case r.Text != "":
	case r.Code == CodeUsed:
		r.Text = "this resume ticket was used, or a newer one, or the server has ended the connection"
	case r.Code == CodeExpired:
		r.Text = "the resume ticket has expired"
	case r.Code == CodeWrongAddress:
		r.Text = "the resume ticket is of another server, or of other PublicAddresses"
	default:
		r.Text = r.Code.String()
	}
	r.Text += "; connect with a fresh connect token"
	return r
}
