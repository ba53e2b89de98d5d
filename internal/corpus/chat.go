package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tickwire/tickwire/internal/gen/sample/five"
)

// lines are what players say. $p is a player, $w a place, $i a thing, $n a number.
var lines = strings.Split(strings.TrimSpace(`
anyone at the $w? two of them behind the wall
gg
gg wp
need healing at $w please
$p is pushing $w, watch your flank
omw
selling $i for $n gold, whisper me
lol nice shot $p
who took my $i??
rush $w in $n seconds
brb, dinner
back
hello everyone :)
hi $p, long time no see
can somebody trade me a $i? I have $n wood
they are capping $w!!!
stay together this time ok
sorry my bad, lagged out for a second
why is my ping $n today
what does $i do exactly?
how do I get out of $w
group up at $w before the boss
boss has $n percent left
dont stand in the fire $p
wait for me
ready?
ready
one more game?
ok last one, have to work tomorrow
$p left the party
that was close
I am out of ammo, drop me some
there is a sniper on the roof of $w
smoke $w and go
enemy team has the $i
found $n $i in a chest near $w
is the event at $w still on?
starts in $n minutes
invite me pls
party is full, sorry
trade?
no thanks
where did you find the $i?
under the bridge, left of $w
haha that actually worked
report $p, he is standing still at $w
new here, which class is easiest?
play whatever you like, just stay near $w
the gate opens when you pull both levers
I have the key, come to $w
careful, the floor is gone over there
heal me heal me heal me
on cooldown, $n seconds
we need a tank and one healer for $w
nice, level $n!
congratulations $p
thanks for the help earlier
np
does anybody know when the server restarts
in $n minutes I think
defend the north side, I take $w
they all went to $w
back to base now
we lost $w
hold it a bit longer
victory!
so close, well played all
add me, my name is $p
can you repair my $i? it is at $n
how much for the $i
$n gold and it is yours
too expensive
deal
give me a second, inventory is full
follow me to $w
who is leading? I cannot see the marker
marker is on $w
left, left, LEFT
the other left...
xD
my cat walked over the keyboard
that explains a lot
boss spawns at $w in $n
no one is at $w, free loot
trap! trap! get out of $w
did the patch change the $i?
yes it is weaker now, cost $n more
unlucky
you can craft it from $n $i
I will carry it, cover me
cover fire at $w now
nobody on mid?
mid is empty, take it
they have $n alive, we have two
flash out at $w
good call $p
thx
see you tomorrow
bye all, was fun
`), "\n")

var (
	players = []string{"Ayla", "BrunoTheBrave", "xX_kestrel_Xx", "Mira92", "pancake", "Tobi", "NightOwl", "Sir Lag a Lot",
		"quokka", "Yuki", "rustbucket", "Zed", "Hanna", "0ctave", "Fenn", "GrannyOfDoom"}
	places = []string{"the north gate", "B", "the old mill", "harbour", "the west tower", "catacombs", "mid", "the bridge",
		"Ironhold", "spawn", "the market", "A long", "the crypt"}
	things = []string{"iron sword", "bow of the marsh", "healing potion", "rope", "torch", "silver key", "shield of dawn",
		"fire scroll", "steel plate", "lockpick", "dragon egg", "pickaxe", "feather boots"}
)

// A chatter writes chat messages. The lines that a match of the odd half says are never said in the
// even one: what a dictionary has learned of one is not simply found again in the other.
type chatter struct {
	rng  *rand.Rand
	half Half
	at   time.Duration
}

func (c *chatter) next() message {
	c.at += time.Duration(c.rng.IntN(9000)) * time.Millisecond
	m := &five.Chat{From: uint32(1000 + c.rng.IntN(64)), Room: five.Room(c.rng.IntN(3)), At: c.at, Text: c.line()}
	if c.rng.IntN(8) == 0 {
		to := uint32(1000 + c.rng.IntN(64))
		m.To = &to
	}
	return m
}

func (c *chatter) line() string {
	text := lines[2*c.rng.IntN(len(lines)/2)+int(c.half)]
	return strings.NewReplacer("$p", pick(c.rng, players), "$w", pick(c.rng, places), "$i", pick(c.rng, things),
		"$n", fmt.Sprint(1+c.rng.IntN(90))).Replace(text)
}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }
