package tokenhttp

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/tickwire/tickwire/internal/config"
)

// origins says which pages a browser may ask for, and tells browsers (CORS). A
// page of another origin is refused before the login, or any page could have its
// visitors' cookies log in.
type origins struct {
	list        []string
	all         bool
	credentials bool
	guard       *http.CrossOriginProtection
}

func newOrigins(c *Config) (*origins, error) {
	o := &origins{
		list: c.AllowOrigins, all: slices.Contains(c.AllowOrigins, "*"),
		credentials: c.AllowCredentials, guard: http.NewCrossOriginProtection(),
	}
	var v config.Check
	v.That(!o.all || !o.credentials, "AllowCredentials", true, `false, or origins by name instead of "*"`)
	for i, origin := range o.list {
		if origin == "*" {
			continue
		}
		err := o.guard.AddTrustedOrigin(origin)
		v.That(err == nil, fmt.Sprintf("AllowOrigins[%d]", i), fmt.Sprintf("%q", origin), `"*", or an origin such as "https://play.example.com"`)
	}
	return o, v.Err()
}

// foreign reports whether a page asks that may not.
func (o *origins) foreign(r *http.Request) bool { return !o.all && o.guard.Check(r) != nil }

// answer writes what browsers want to know, and reports whether that was all:
// they ask before they send (a preflight).
func (o *origins) answer(w http.ResponseWriter, r *http.Request) (done bool) {
	if len(o.list) == 0 {
		return false
	}
	w.Header().Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" || !o.all && !slices.Contains(o.list, origin) {
		return false
	}
	switch {
	case o.all:
		w.Header().Set("Access-Control-Allow-Origin", "*")
	default:
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
	if o.credentials {
		w.Header().Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	w.Header().Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
