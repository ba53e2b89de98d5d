package endpoint

// A stage is where a path is in its life. This is all that can happen to it, and what its owner
// hears of that as PathChanged:
//
//	from              what happens                                    to         told
//	closed            OpenPath                                        opening
//	closed, asked     a packet of the peer opens it                   asked
//	opening, asked    the peer answers a challenge                    well       active
//	opening           nobody has answered the last one in time        closed     closed
//	asked             likewise, nor from elsewhere                    closed
//	asked             SetPath leads it elsewhere                      opening
//	well              it owes an answer for a probe timeout           suspect
//	suspect           for three                                       dead       silent, if no other is well
//	suspect, dead     the peer answers                                well       active, if silent was told
//	suspect, dead     somebody is asleep, or was                      well
//	dead              another path is well                            failed     failed
//	well … dead       the peer answers from elsewhere, not from home  well       moved
//	well … dead       SetPath leads it elsewhere                      well       active, when the peer answers
//	well … dead       it is the last one, and the peer abandons it    failed     failed
//	well … failed     what carries it is gone                         failed     failed
//	failed            the peer answers a PING                         well       active
//	failed            the peer answers from elsewhere                 well       moved
//	failed            SetPath leads it elsewhere                      reopening
//	reopening         the peer answers a challenge                    well       active
//	reopening         nobody has answered the last one in time        failed     failed
//	any but closed    ClosePath, or the peer abandons it              closed     closed, unless it was asked
//	opening, asked    what carries it is gone                         closed     closed, unless it was asked
//	closed            the peer sends on it, and no other is well      failed
//
// Path 0 begins well. A reliable path that is dead has failed when it was silent for as long as a
// connection may be; what it holds back goes over another one before (repeatHeld). Whenever a path is opened, goes elsewhere or has failed, its measurements begin
// afresh (measured).
type stage uint8

const (
	stageClosed    stage = iota // there is none, or it was given up
	stageAsked                  // the peer opens it, and is asked; the owner has not heard of it
	stageOpening                // we open it
	stageWell                   // the peer answers
	stageSuspect                // it has owed an answer for a while
	stageDead                   // for long
	stageFailed                 // it carries nothing, and is asked now and then if it has a route
	stageReopening              // it had failed, and was led elsewhere
)

// Sets of stages, as bits.
const (
	openingStages = 1<<stageAsked | 1<<stageOpening | 1<<stageReopening
	activeStages  = 1<<stageWell | 1<<stageSuspect | 1<<stageDead
	settledStages = activeStages | 1<<stageFailed
	provenStages  = settledStages | 1<<stageReopening
)

// opens reports whether it is not known yet that the peer can be reached at the route of a path.
func (c *claims) opens() bool { return openingStages>>c.stage&1 != 0 }

// active reports whether a path carries messages, if there is none better.
func (c *claims) active() bool { return activeStages>>c.stage&1 != 0 }

// proven reports whether the peer has answered on a path since it was opened, and nobody has given
// it up.
func (c *claims) proven() bool { return provenStages>>c.stage&1 != 0 }

// excuse has a silence count from now on: nobody was there to answer.
func (c *claims) excuse() {
	if c.active() {
		c.stage = stageWell
	}
}

// become is each step from one stage to the next, with what all steps have in common.
func (c *claims) become(s stage) {
	c.stage, c.retryAt = s, never
	c.toldSilent = c.toldSilent && c.active()
}

// state is what the owner of a path is told of its stage.
func (c *claims) state() PathState {
	switch {
	case c.toldSilent:
		return PathSilent
	case c.active():
		return PathActive
	case c.opens():
		return PathOpening
	case c.stage == stageFailed:
		return PathFailed
	}
	return PathClosed
}
