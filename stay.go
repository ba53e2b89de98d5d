package tickwire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
	"github.com/tickwire/tickwire/transport"
)

// A StayConfig says how Stay keeps a player connected. Login, Open and Play must be there.
type StayConfig struct {
	// Client configures each of the connections. Redial and resume tickets come before Stay: only
	// what they cannot bring back is connected anew.
	Client ClientConfig
	// Login gets a connect token, from tokenhttp.Fetch, say. It is called before the first connect,
	// and again when another token is needed. It may take as long as its context allows.
	Login func(context.Context) (tokens []byte, err error)
	// Open opens a socket for a connect, udp.Open's say. The Session closes it.
	Open func() (transport.Socket, error)
	// Play is called with each Session that is connected, and has the loop over its Events. It
	// returns when that is over, and nothing of it goes on afterwards. If the connection has ended,
	// and Play returned nil or an error that is ErrClosed, the Session is followed by the next;
	// otherwise the player leaves: what was sent still arrives, and Stay returns the error.
	Play func(context.Context, *Session) error
	// Again, if not nil, is told why the player is not connected, a *ConnError mostly, and how
	// long the pause before the next try is: for the screen. If it returns an error there is no
	// next try, and Stay returns that.
	Again func(why error, pause time.Duration) error
	// LeastPause and MostPause bound the pauses between tries: each is twice as long as the one
	// before, until a connection has lasted for MostPause. Of each pause up to a half is left out by
	// chance, so that the players of a server that was started anew do not come all at once.
	// Nobody comes earlier than the server, or the backend, has advised. 0: 1 s, and 30 s or
	// LeastPause if that is more.
	LeastPause, MostPause time.Duration
	// Grace is how long the player may take to leave, when ctx has ended or Play has returned: the
	// deadline of Session.Shutdown. 0: none, which is eight seconds at most; negative: no time, the
	// connection is closed at once.
	Grace time.Duration
}

func (c StayConfig) withDefaults() StayConfig {
	if c.LeastPause == 0 {
		c.LeastPause = time.Second
	}
	if c.MostPause == 0 {
		c.MostPause = max(30*time.Second, c.LeastPause)
	}
	if c.Client.Logger == nil {
		c.Client.Logger = slog.Default()
	}
	return c
}

// Validate reports what is wrong with the configuration; see Config.Validate.
func (c StayConfig) Validate() error {
	var v config.Check
	v.That(c.Login != nil, "Login", nil, "a function that gets a connect token, by tokenhttp.Fetch say")
	v.That(c.Open != nil, "Open", nil, "a function that opens a socket, by udp.Open say")
	v.That(c.Play != nil, "Play", nil, "a function with the loop over the Events of a Session")
	v.That(c.LeastPause >= 0, "LeastPause", c.LeastPause, "above 0, or 0 for 1s")
	v.That(c.MostPause == 0 || c.MostPause >= c.LeastPause, "MostPause", c.MostPause, "LeastPause or more, or 0 for 30s")
	v.Take("Client", c.Client.Validate())
	return v.Err()
}

// Stay keeps a player connected: it logs in, dials, plays, and does so again when the connection is
// lost, as long as that can help. It is for programs that do nothing but play; others
// connect by Dial, and look at Reason.Retry and Reason.NeedsToken themselves.
//
//	log in ─▶ open ─▶ dial ─▶ play ─▶ left: return
//	  ▲         ▲       │       │
//	  │         │    refused   lost       Reason.Retry, or return the *ConnError
//	  │         └─ pause ◀──────┘
//	  └─ and another token is needed
//
// It returns when
//   - ctx ends: what was sent before still arrives (Grace), and the error is the cause of ctx;
//   - Play leaves, by what it returns, or by closing the connection itself: the error is that of Play;
//   - the connection ended, or was refused, for a reason that does not pass: the error is a *ConnError;
//   - Login or Open fails for good: with a *ConfigError, or with an error whose method
//     Retry() (after time.Duration, ok bool), which *tokenhttp.Refusal has, returns false. Any other error counts
//     as a network that is down, and Stay tries again;
//   - Again returns an error;
//   - the configuration is invalid, which is a join of *ConfigErrors, or Login returned something that is no token.
//
// A token is kept for the next try until it has let the player in, or Reason.NeedsToken asks for another.
func Stay(ctx context.Context, cfg StayConfig) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.withDefaults()
	seed, err := (&seeds{cfg.Client.Random}).next()
	if err != nil {
		return err
	}
	st := stay{StayConfig: cfg, random: rand.New(rand.NewPCG(seed, 0)), pause: cfg.LeastPause}
	for {
		why, over := st.once(ctx)
		if over {
			return why
		}
		if err := st.wait(ctx, why); err != nil {
			return err
		}
	}
}

// A stay is a Stay under way.
type stay struct {
	StayConfig
	random *rand.Rand
	tokens []byte        // nil: others are needed
	pause  time.Duration // before the next try
	after  time.Duration // the advice for that
}

// once plays until the connection ends, or never comes to be. Over tells that there is no use in
// another try: why is what Stay returns.
func (st *stay) once(ctx context.Context) (why error, over bool) {
	st.after = 0
	if st.tokens == nil {
		if st.tokens, why = st.Login(ctx); why != nil {
			st.tokens = nil
			return st.failed(ctx, fmt.Errorf("tickwire: Login: %w", why))
		}
	}
	socket, err := st.Open() // Dial closes it if it fails, and the Session if not
	if err != nil {
		return st.failed(ctx, fmt.Errorf("tickwire: Open: %w", err))
	}
	s, err := Dial(ctx, st.Client, st.tokens, socket)
	var refused *ConnError
	switch {
	case errors.As(err, &refused):
		return st.ended(refused)
	case err != nil:
		return st.failed(ctx, err)
	}
	defer s.Close()
	st.tokens = nil // they are used up
	return st.played(ctx, s)
}

// failed judges an error that is none of a connection.
func (st *stay) failed(ctx context.Context, err error) (why error, over bool) {
	if ctx.Err() != nil {
		return context.Cause(ctx), true
	}
	var (
		advice interface {
			Retry() (after time.Duration, ok bool)
		}
		field *ConfigError
		token *netcode.TokenError
	)
	if errors.As(err, &advice) {
		after, ok := advice.Retry()
		st.after, over = after, !ok
	}
	return err, over || errors.As(err, &field) || errors.As(err, &token)
}

// ended judges the reason for which a connection ended, or did not begin.
func (st *stay) ended(of *ConnError) (why error, over bool) {
	r := of.Reason
	if r.NeedsToken() {
		st.tokens = nil
	}
	st.after = r.RetryAfter
	return of, !r.Retry()
}

// played plays, and finds out how that ended.
func (st *stay) played(ctx context.Context, s *Session) (why error, over bool) {
	began := time.Now()
	err := st.Play(ctx, s)
	if time.Since(began) >= st.MostPause {
		st.pause = st.LeastPause
	}
	switch reason, failed, left := s.outcome(ctx); {
	case err != nil && !errors.Is(err, ErrClosed) && !errors.Is(err, ctx.Err()), left && ctx.Err() == nil:
		return errors.Join(err, st.leave(ctx, s)), true
	case ctx.Err() != nil:
		return errors.Join(context.Cause(ctx), st.leave(ctx, s)), true
	case failed != nil:
		return st.failed(ctx, failed)
	default:
		return st.ended(&ConnError{Reason: reason})
	}
}

// leave ends a Session in order, if it has not ended. The end of ctx is not that of leaving.
func (st *stay) leave(ctx context.Context, s *Session) error {
	ctx = context.WithoutCancel(ctx)
	switch {
	case st.Grace < 0:
		return nil
	case st.Grace > 0:
		within, cancel := context.WithTimeout(ctx, st.Grace)
		defer cancel()
		ctx = within
	}
	if err := s.Shutdown(ctx); !errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}

// wait waits for the next try.
func (st *stay) wait(ctx context.Context, why error) error {
	half := st.pause / 2
	pause := max(st.pause-half, st.after) + time.Duration(st.random.Int64N(int64(half)+1))
	st.pause = min(2*st.pause, st.MostPause)
	if st.Again != nil {
		if err := st.Again(why, pause); err != nil {
			return err
		}
	}
	st.Client.Logger.Info("not connected, and trying again", "why", why, "in", pause)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

// outcome tells how it stands with a Session that nobody looks at any more. Left: the connection
// goes on, or was closed by the game; failed: its socket did.
func (s *Session) outcome(ctx context.Context) (reason Reason, failed error, left bool) {
	if !s.Conn().Open() {
		for range s.Events(ctx) { // that the game did not want to see any more: the end is there
			if s.Conn().Open() { // another one, which the server has handed it over to
				break
			}
		}
	}
	s.s.lock()
	defer s.s.unlock()
	if s.s.failed != nil {
		return reason, s.s.failed, false
	}
	reason = s.conn.reason
	ours := !reason.Remote && (reason.Code == CodeNone || reason.Code >= CodeApplication)
	return reason, nil, !s.over || ours
}
