package tokenhttp

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"
)

// An answer is the body of everything but a token.
type answer struct {
	Error      string `json:"error"`
	Message    string `json:"message"`
	RetryAfter int64  `json:"retry_after_s,omitempty"`
}

// refuse tells the player why there is no token, and the operator what is not
// for players.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal, level := h.told(r, err)
	status := refusal.Status
	if status < 400 || status > 599 {
		status = http.StatusForbidden
	}
	a := answer{Error: cmp.Or(refusal.Code, "refused"), Message: refusal.Text}
	if refusal.RetryAfter > 0 {
		a.RetryAfter = int64((refusal.RetryAfter + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.FormatInt(a.RetryAfter, 10))
	}
	if refusal.Challenge != "" {
		w.Header().Set("WWW-Authenticate", refusal.Challenge)
	}
	h.note(r, level, status, a.Error, err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // who left has no use for an error
}

// note logs a refusal. What a stranger can cause is told once a second, whatever the level.
func (h *handler) note(r *http.Request, level slog.Level, status int, word string, err error) {
	details := []any{"from", r.RemoteAddr, "status", status, "error", word, "err", err}
	if level >= slog.LevelInfo {
		missed, ok := h.hush.speak(word)
		if !ok {
			return
		}
		if missed > 0 {
			details = append(details, "missed", missed)
		}
	}
	h.cfg.Logger.Log(r.Context(), level, "no connect token", details...)
}

// told is what the player hears of an error, and how much it concerns the
// operator.
func (h *handler) told(r *http.Request, err error) (*Refusal, slog.Level) {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal, slog.LevelDebug
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		text := "the request has more than " + strconv.FormatInt(h.cfg.MaxBodyBytes, 10) + " bytes"
		return &Refusal{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Text: text}, slog.LevelDebug
	}
	if _, ok := errors.AsType[*nameError](err); ok {
		return &Refusal{Status: http.StatusServiceUnavailable, Code: "servers", Text: "a game server cannot be found, try again later"}, slog.LevelError
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return &Refusal{Status: http.StatusServiceUnavailable, Code: "timeout", Text: "logging in took too long, try again"}, slog.LevelWarn
	}
	if r.Context().Err() != nil { // the player left
		return &Refusal{Status: http.StatusServiceUnavailable, Code: "internal", Text: "the request was given up"}, slog.LevelDebug
	}
	return &Refusal{Status: http.StatusInternalServerError, Code: "internal", Text: "something went wrong here"}, slog.LevelError
}
