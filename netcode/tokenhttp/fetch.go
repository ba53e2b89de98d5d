package tokenhttp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tickwire/tickwire/internal/config"
	"github.com/tickwire/tickwire/netcode"
)

// maxAnswerBytes is more than the largest answer: eight connect tokens and their header.
const maxAnswerBytes = 32 << 10

// Fetch asks a Handler for connect tokens, and returns them as tickwire.Dial takes them. The
// request is a POST of the caller's making, with what its Login wants to see; its context bounds
// the time. A nil client is http.DefaultClient.
//
//	r, err := http.NewRequestWithContext(ctx, "POST", "https://login.example.com/token", nil)
//	r.SetBasicAuth(name, password)
//	tokens, err := tokenhttp.Fetch(nil, r)
//
// If there are none the error is a *Refusal, which says why and, in RetryAfter, when to ask again;
// or that of the client, if nobody answered. An answer that is neither, as that of a proxy on
// the way, is a *Refusal with its Status and the Code "answer".
func Fetch(client *http.Client, r *http.Request) (tokens []byte, err error) {
	if r == nil {
		return nil, config.Wrong("request", nil, "a POST to the URL of a Handler: http.NewRequestWithContext(ctx, \"POST\", url, nil)")
	}
	if client == nil {
		client = http.DefaultClient
	}
	if r.Method != http.MethodPost {
		return nil, fmt.Errorf("tokenhttp: the request is a %q: make it with http.MethodPost", r.Method)
	}
	resp, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes+1))
	if err != nil {
		return nil, fmt.Errorf("tokenhttp: the answer of %s broke off: %w", r.URL.Redacted(), err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, refusalIn(resp, body)
	}
	if _, err := netcode.ParseTokenList(body); err != nil {
		return nil, strange(resp, body)
	}
	return body, nil
}

// refusalIn reads what a Handler has refused with.
func refusalIn(resp *http.Response, body []byte) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	var a answer
	if kind != "application/json" || json.Unmarshal(body, &a) != nil || a.Error == "" {
		return strange(resp, body)
	}
	return &Refusal{
		Status: resp.StatusCode, Code: a.Error, Text: a.Message,
		RetryAfter: retryAfter(resp), Challenge: resp.Header.Get("WWW-Authenticate"),
	}
}

// strange is the error for an answer that no Handler gives.
func strange(resp *http.Response, body []byte) error {
	text := fmt.Sprintf("the answer, %s, has no tokens: ask the URL of a tokenhttp.Handler", resp.Status)
	if len(body) > maxAnswerBytes {
		text = fmt.Sprintf("the answer, %s, is larger than a token list is", resp.Status)
	}
	return &Refusal{Status: resp.StatusCode, Code: "answer", Text: text, RetryAfter: retryAfter(resp)}
}

// mostRetryAfter bounds the advice that is believed.
const mostRetryAfter = 24 * time.Hour

// retryAfter is the advice of the header: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(resp *http.Response) time.Duration {
	said := strings.TrimSpace(resp.Header.Get("Retry-After"))
	seconds, err := strconv.ParseUint(said, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, uint64(mostRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(said)
	if err != nil {
		return 0
	}
	now := time.Now()
	if sent, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		now = sent // by one clock with the date of the advice
	}
	return min(max(at.Sub(now), 0), mostRetryAfter)
}

// Is makes two refusals with one Code the same for errors.Is, so that a program can compare with
// &Refusal{Code: "too_often"}.
func (r *Refusal) Is(target error) bool {
	other, ok := target.(*Refusal)
	return ok && cmp.Or(r.Code, "refused") == cmp.Or(other.Code, "refused")
}
