package tickwire_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tickwire/tickwire"
	"github.com/tickwire/tickwire/delta"
	"github.com/tickwire/tickwire/timeline"
)

// twins are types of Go, and the types of TypeScript that have what they show to a program: the file under ts, and the name there.
var twins = []struct {
	goes reflect.Type
	ts   []string
}{
	{reflect.TypeFor[tickwire.Client](), []string{"client/client.ts Client"}},
	{reflect.TypeFor[tickwire.ClientConfig](), []string{"client/config.ts ClientConfig"}},
	{reflect.TypeFor[tickwire.Conn](), []string{"client/conn.ts Conn"}},
	{reflect.TypeFor[tickwire.Event](), []string{"client/event.ts Event"}},
	{reflect.TypeFor[tickwire.Reason](), []string{"client/reason.ts Reason"}},
	{reflect.TypeFor[tickwire.ConnStats](), []string{"client/stats.ts ConnStats", "client/stats.ts PathStats", "endpoint/event.ts Stats", "endpoint/event.ts MessageCounts"}},
	{reflect.TypeFor[tickwire.PathStats](), []string{"client/stats.ts PathStats"}},
	{reflect.TypeFor[tickwire.ChannelStats](), []string{"client/stats.ts ChannelStats", "endpoint/event.ts ChannelCounts", "endpoint/event.ts MessageCounts"}},
	{reflect.TypeFor[tickwire.ChannelConfig](), []string{"endpoint/config.ts ChannelConfig"}},
	{reflect.TypeFor[tickwire.SendOptions](), []string{"endpoint/sender.ts SendOptions"}},
	{reflect.TypeFor[tickwire.SendError](), []string{"endpoint/event.ts SendError"}},
	{reflect.TypeFor[tickwire.ConfigError](), []string{"wire/config.ts ConfigError"}},
	{reflect.TypeFor[tickwire.Session](), []string{"client/session.ts Session"}},
	{reflect.TypeFor[tickwire.ConnError](), []string{"client/session.ts ConnError"}},
	{reflect.TypeFor[tickwire.ClockSample](), []string{"endpoint/clock.ts ClockSample"}},
	{reflect.TypeFor[tickwire.Channel[int]](), []string{"client/channel.ts Channel"}},
	{reflect.TypeFor[tickwire.RawChannel](), []string{"client/channel.ts RawChannel"}},
	{reflect.TypeFor[timeline.Sample](), []string{"timeline/clock.ts Sample"}},
	{reflect.TypeFor[timeline.Clock](), []string{"timeline/clock.ts Clock"}},
	{reflect.TypeFor[timeline.TicksConfig](), []string{"timeline/ticks.ts TicksConfig"}},
	{reflect.TypeFor[timeline.Ticks](), []string{"timeline/ticks.ts Ticks"}},
	{reflect.TypeFor[timeline.BufferConfig](), []string{"timeline/buffer.ts BufferConfig"}},
	{reflect.TypeFor[timeline.Buffer[int]](), []string{"timeline/buffer.ts Buffer"}},
	{reflect.TypeFor[timeline.View[int]](), []string{"timeline/buffer.ts View"}},
	{reflect.TypeFor[timeline.BufferStats](), []string{"timeline/buffer.ts BufferStats"}},
	{reflect.TypeFor[timeline.LeadConfig](), []string{"timeline/lead.ts LeadConfig"}},
	{reflect.TypeFor[timeline.Lead](), []string{"timeline/lead.ts Lead"}},
	{reflect.TypeFor[delta.Config](), []string{"delta/type.ts Config"}},
	{reflect.TypeFor[delta.KeyError](), []string{"delta/type.ts KeyError"}},
}

// unmatched says why names have no counterpart on the other side: those of a type of Go, or of all types (*), behind "go" what Go
// alone has, behind "ts" what TypeScript alone has.
var unmatched = map[string]string{
	"* go Error Unwrap Is String": "an Error of JavaScript has a message, and is told apart by instanceof",
	"* ts name toString":          "what errors and values of JavaScript have in their place",
	"* go SendWith Validate":      "send takes options; new Client throws what is wrong",
	"* go SendContext Broadcast":  "a client waits in no call, and sends to nobody but its server",

	"Client ts next onNews droppedEvents":                              "one step of events; who is called in place of a loop that waits; Go's Stats.EventsDropped",
	"Client go Clock Post Service Shutdown Ticks Update Wait WaitNews": "a Client drives itself",
	"Client go Conn ConnectOver Stats":                                 "ts/README.md: what is not there",

	"ClientConfig ts clock transport": "Go's Now, and what NewClient takes beside it",
	"ClientConfig go BufferBytes Logger MaxPosted MaxReadsPerCall MaxSockets Now Redial":                      "of sockets and loops, which a page has not",
	"ClientConfig go Congestion Controller DisableECN MaxDatagramBytes WindowPoolBytes":                       "a transport says what it takes; there is one controller",
	"ClientConfig go EpochPackets Inbound LeastProtection OpenedBytesPerSecond Plain UnsentDraft WireIDBytes": "ts/README.md: what is not there",

	"Conn ts waits":                      "whether next would have a message",
	"Conn go ChannelBudget PathStats":    "budget takes a channel; paths has those of each path",
	"Conn go ClientID HandOver UserData": "of a Conn at a server",
	"Conn go Cost LimitBudget Draft Plain Held HoldKnown Timeout RemoteAddr": "ts/README.md: what is not there",
	"Conn go ClosePath OpenPath SetPath":                                     "a transport looks for its ways itself",

	"Event go Payload": "a Message of a Session has it",

	"ConnStats ts kind latestRtt path state use windowBytes":                                                                "those of PathStats, of the path that messages take",
	"ConnStats ts datagramsDropped packetsDropped packetsScattered messagesLost":                                            "sums of what Go counts by reason",
	"ConnStats go Dropped MessagesDropped":                                                                                  "likewise",
	"ConnStats go PlainDropped Undecoded UnknownKinds DraftsDropped ControlUnknown MessagesTooFast OpenReceipts":            "of what is not there, or is thrown",
	"ConnStats go Probes ProbesLost MTU":                                                                                    "there is no search for larger datagrams",
	"ConnStats go BytesReceivedPerSecond BytesSentPerSecond JitterIn JitterOut LossIn QueueDelay":                           "a page does not measure them",
	"ConnStats go MessagesDoubled MessagesRepaired PacketsHasty PacketsOverdue PacketsSpurious RepairBytesSent RepairsSent": "a page does not count them",
	"ConnStats go QueuedBytes QueuedMessages":                                                                               "channelStats has them of each channel",

	"PathStats ts latestRtt windowBytes":                                                                          "for the graphs of a page; in Go a Controller of one's own knows them",
	"PathStats go Reliable Route Weight Local Remote":                                                             "a transport looks for its ways itself, and kind says what they are",
	"PathStats go BlackHoles MTU Probes ProbesLost":                                                               "there is no search for larger datagrams",
	"PathStats go BytesReceived BytesSent PacketsReceived":                                                        "ConnStats has their sums",
	"PathStats go Challenges Copies Moves RoutesBarred RoutesRefused PacketsHasty PacketsOverdue PacketsSpurious": "a page does not count them",
	"PathStats go JitterIn JitterOut LossIn QueueDelay":                                                           "a page does not measure them",

	"ChannelStats ts messagesLost":                              "the sum of Go's Dropped",
	"ChannelStats go Dropped":                                   "likewise",
	"ChannelStats go BytesReceivedPerSecond BytesSentPerSecond": "a page does not measure them",
	"ChannelStats go CompressedFrom CompressedTo MessagesLeftAsIs OpenedFrom OpenedTo OpeningPaused": "nothing is compressed here, and no limit says how much is opened",
	"ChannelStats go MessagesRebuilt MessagesRepaired RepairBytesSent RepairsSent":                   "a page does not count them by channel",

	"ChannelConfig ts maxAttempts":    "Go's Resend.MaxAttempts",
	"ChannelConfig go Resend Inbound": "likewise; limits of what a server may send are not there",
	"SendOptions go Keyed":            "a key that is there",
	"SendError ts reason":             "Go's Err",
	"SendError go Err":                "likewise",

	"Session go Clock Stats":                 "those of its conn",
	"ConnError go NeverBegan":                "dial rejects with a TokenError or a ConfigError then",
	"Channel[int] ts next schema":            "one step of receive; Go asks the type itself",
	"Channel[int] go Decode DecodeInto Is":   "a Message of a Session has its channel and its bytes",
	"Channel[int] go LatestInto ReceiveInto": "latest and next take what to read into",
	"RawChannel go Is":                       "a Message of a Session has its channel",

	"Ticks ts clock over since tick": "what Go's Advance returns, and what a Lead asks for",
	"Buffer[int] ts jumps":           "Go's JumpsOver",
	"BufferStats go Delay JumpsOver": "those of the Buffer itself",
	"Lead ts late told unknown":      "those of Go's LeadStats",
	"Lead go Stats":                  "likewise",
	"Config ts keys type":            "type parameters in Go",
	"KeyError ts reason":             "Go's Err",
	"KeyError go Err":                "likewise",
}

var (
	tsMember = regexp.MustCompile(`^  (?:(?:readonly|get|static|override|async) )*\*?([a-zA-Z]\w*)[?!]?(?:<[^>]*>)?(?: =|[:(])`)
	tsGiven  = regexp.MustCompile(`(?:^    |constructor\()(?:(?:public|readonly) )+([a-zA-Z]\w*)(?:\??:| =)`)
	tsOption = regexp.MustCompile(`(\w+)\??: `)
)

// membersOfTS are the names that a type of TypeScript shows to a program; those of a union are of all that are in it.
func membersOfTS(t *testing.T, file, name string) (all []string) {
	t.Helper()
	b, err := os.ReadFile("ts/" + file)
	if err != nil {
		t.Fatal(err)
	}
	head := regexp.MustCompile(`(?m)^export (interface|class|type) ` + regexp.QuoteMeta(name) + `\b.*\n`)
	at := head.FindSubmatchIndex(b)
	if at == nil {
		t.Fatalf("%s has no %s", file, name)
	}
	union := string(b[at[2]:at[3]]) == "type"
	internal := false
	for line := range strings.Lines(string(b[at[1]:])) {
		if strings.HasPrefix(line, "}") || union && line == "\n" {
			break
		}
		if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "* ") || trimmed == "*/" || strings.HasPrefix(trimmed, "/") {
			internal = internal || strings.Contains(line, "@internal")
			continue
		}
		if union {
			for _, m := range tsOption.FindAllStringSubmatch(line, -1) {
				all = append(all, m[1])
			}
			continue
		}
		given, member := tsGiven.FindStringSubmatch(line), tsMember.FindStringSubmatch(line)
		if given != nil {
			all = append(all, given[1])
		} else if member != nil && member[1] != "constructor" && !internal {
			all = append(all, member[1])
		}
		internal = internal && given == nil && member == nil
	}
	return all
}

// membersOfGo are the exported fields of a type, those of what it embeds among them, and its methods.
func membersOfGo(of reflect.Type) (all []string) {
	for _, f := range reflect.VisibleFields(of) {
		if f.IsExported() && !f.Anonymous {
			all = append(all, f.Name)
		}
	}
	for i, p := 0, reflect.PointerTo(of); i < p.NumMethod(); i++ {
		all = append(all, p.Method(i).Name)
	}
	return all
}

// strangers are the names of one side that the other side does not have, in small or capital letters.
func strangers(names, others []string) (all []string) {
	for _, name := range names {
		same := func(other string) bool { return strings.EqualFold(name, other) }
		if !slices.ContainsFunc(others, same) && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// TestTypeScriptNames: what Go shows to a game has the same name in TypeScript, and the reverse, or a reason why not.
func TestTypeScriptNames(t *testing.T) {
	reasons, used := map[string]bool{}, map[string]bool{}
	for names := range unmatched {
		of := strings.Fields(names)
		for _, name := range of[2:] {
			reasons[of[0]+" "+of[1]+" "+name] = true
		}
	}
	for _, twin := range twins {
		name, goes := twin.goes.Name(), membersOfGo(twin.goes)
		var ts []string
		for _, of := range twin.ts {
			file, name, _ := strings.Cut(of, " ")
			members := membersOfTS(t, file, name)
			if len(members) == 0 {
				t.Errorf("%s shows nothing", of)
			}
			ts = append(ts, members...)
		}
		for side, names := range map[string][]string{"go": strangers(goes, ts), "ts": strangers(ts, goes)} {
			for _, one := range names {
				own, common := name+" "+side+" "+one, "* "+side+" "+one
				used[own], used[common] = true, true
				if !reasons[own] && !reasons[common] {
					t.Errorf("%s: %s has it and the other side does not: the same name, or a reason in unmatched", own, side)
				}
			}
		}
	}
	for name := range reasons {
		if !used[name] {
			t.Errorf("%s: nothing is unmatched there, so it needs no reason", name)
		}
	}
}

// valuesOfTS are what a type of TypeScript may be: words, or the names of a list of numbers.
func valuesOfTS(t *testing.T, file, from, to string, one *regexp.Regexp) (all []string) {
	t.Helper()
	b, err := os.ReadFile("ts/" + file)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(b), from)
	body, _, ok := strings.Cut(body, to)
	if !ok {
		t.Fatalf("%s: %s", file, from)
	}
	for _, m := range one.FindAllStringSubmatch(body, -1) {
		all = append(all, m[1])
	}
	return all
}

// namesOf are what a type of Go calls its values, from the first one on, until it has no name.
func namesOf[T interface {
	~uint8
	String() string
}](first T) (all []string) {
	for v := first; regexp.MustCompile(`^[A-Za-z ]+$`).MatchString(v.String()); v++ {
		all = append(all, v.String())
	}
	return all
}

// TestTypeScriptValues: what Go calls the values of a type TypeScript calls them, too.
func TestTypeScriptValues(t *testing.T) {
	word, member := regexp.MustCompile(`"([\w ]+)"`), regexp.MustCompile(`(?m)^  (\w+)[:=,]`)
	kind, code := regexp.MustCompile(`kind: "(\w+)"`), regexp.MustCompile(`(?m)^  (\w+) = \d+`)
	reason, err := os.ReadFile("reason.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, m := range regexp.MustCompile(`(?m)^\tCode(\w+) += wire\.`).FindAllStringSubmatch(string(reason), -1) {
		codes = append(codes, m[1])
	}
	for name, both := range map[string]struct{ goes, ts, but []string }{
		"EventKind":    {namesOf(tickwire.Connecting), valuesOfTS(t, "client/event.ts", "export type Event =", "};", kind), []string{"Message"}}, // of a Session
		"State":        {namesOf(tickwire.Requesting), valuesOfTS(t, "client/event.ts", "export type State =", ";", word), nil},
		"Code":         {codes, valuesOfTS(t, "wire/error.ts", "export enum Code {", "\n}", code), []string{"PlainServer"}}, // which is no server of a page
		"Delivery":     {namesOf(tickwire.Unreliable), valuesOfTS(t, "endpoint/config.ts", "export const Delivery = {", "}", member), nil},
		"LossReason":   {namesOf(tickwire.NotKnown), valuesOfTS(t, "endpoint/event.ts", "export type LossReason =", ";", word), nil},
		"PathState":    {namesOf(tickwire.PathOpening), valuesOfTS(t, "endpoint/claims.ts", "export type PathState =", ";", word), []string{"moved"}}, // a server is where it is
		"PathUse":      {namesOf(tickwire.UseShare), valuesOfTS(t, "endpoint/claims.ts", "export type PathUse =", ";", word), nil},
		"FullPolicy":   {namesOf(tickwire.Refuse), valuesOfTS(t, "endpoint/config.ts", "export type FullPolicy =", ";", word), nil},
		"ResumePolicy": {namesOf(tickwire.KeepMessages), valuesOfTS(t, "client/config.ts", "resume?: ", ";", word), nil},
	} {
		if len(both.goes) < 2 || len(both.ts) < 2 {
			t.Errorf("%s: %q, %q", name, both.goes, both.ts)
		}
		for _, one := range append(strangers(both.goes, append(both.ts, both.but...)), strangers(both.ts, both.goes)...) {
			t.Errorf("%s: %s has no counterpart", name, one)
		}
	}
}
