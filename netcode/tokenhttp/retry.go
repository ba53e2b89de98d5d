package tokenhttp

import (
	"net/http"
	"time"
)

// Retry reports whether it is of use to ask again, and after what time: where the answer says when,
// or was not one about the player but about the service, or of something on the way to it.
// tickwire.Stay goes by it.
func (r *Refusal) Retry() (after time.Duration, ok bool) {
	passes := r.RetryAfter > 0 || r.Status >= 500 || r.Status == http.StatusTooManyRequests
	astray := r.Code == "answer" && r.Status < 400 // a page to log in to the Wi-Fi, say
	return r.RetryAfter, passes || astray
}
