package tickwire_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// docs/promises.md has a row for each thing that five other libraries promise,
// and says what became of it here. These are the rules of that page. That the
// tests which it names exist is one of every page, and TestHousePages looks.

// promised is how many rows there are. They were counted, and none may go.
const promised = 92

// laterWorks are the words for what is not there yet.
var laterWorks = []string{"monitoring", "engines"}

// A promise is a row of the page.
type promise struct{ number, what, verdict, here string }

var (
	// promiseRow: number, promise, whose it is, verdict, what it is here.
	promiseRow = regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \| (.+) \| \**([a-z]*)\** \| (.*) \|$`)
	// proofRow, in the second part: number, what was switched off, what failed.
	proofRow = regexp.MustCompile(`(?m)^\| (\d+) \| (.+) \| (.+) \|$`)
)

// faults finds what is wrong with one row; proven is what failed when its feature
// was switched off.
func (p promise) faults(proven string) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf("row %s "+format, append([]any{p.number}, args...)...))
	}
	tests := mdTest.FindAllString(p.here, -1)
	switch p.verdict {
	case "kept":
		if len(tests) == 0 {
			fault("is kept and names no test")
		}
		for _, test := range tests {
			if !strings.Contains(test, ".") {
				fault("names %s without its package", test)
			}
			if !strings.Contains(proven, "`"+test+"`") {
				fault("names %s, which nobody has seen fail", test)
			}
		}
	case "later":
		if !slices.ContainsFunc(laterWorks, func(w string) bool { return strings.HasPrefix(p.here, w) }) {
			fault("is for later and does not begin with the work, one of %q", laterWorks)
		}
	case "refused":
		if len(strings.Fields(p.here)) < 10 {
			fault("is refused and gives no reason")
		}
	default:
		fault("has the verdict %q, want kept, later or refused", p.verdict)
	}
	if p.verdict != "kept" && proven != "" {
		fault("is %s, and a test of it failed", p.verdict)
	}
	return faults
}

// brokenPromises finds what is wrong with the page.
func brokenPromises(page string) (faults []string) {
	rows, proofs, _ := strings.Cut(page, "\n## Switched off")
	proven := map[string]string{}
	for _, m := range proofRow.FindAllStringSubmatch(proofs, -1) {
		proven[m[1]] += m[3]
	}
	all := promiseRow.FindAllStringSubmatch(rows, -1)
	seen, count := map[string]bool{}, map[string]int{}
	for i, m := range all {
		p := promise{number: m[1], what: m[2], verdict: m[4], here: m[5]}
		if p.number != strconv.Itoa(i+1) || seen[p.what] {
			faults = append(faults, fmt.Sprintf("row %d is %s, %q: out of its order, or there twice", i+1, p.number, p.what))
		}
		seen[p.what] = true
		count[p.verdict]++
		faults = append(faults, p.faults(proven[p.number])...)
	}
	if len(all) != promised {
		faults = append(faults, fmt.Sprintf("there are %d rows, want %d", len(all), promised))
	}
	sum := fmt.Sprintf("%d kept, %d for later, %d refused", count["kept"], count["later"], count["refused"])
	if !strings.Contains(page, sum) {
		faults = append(faults, "the page does not say: "+sum)
	}
	return faults
}

func promisesPage(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("docs/promises.md")
	must(t, err)
	return string(text)
}

func TestHousePromises(t *testing.T) {
	for _, fault := range brokenPromises(promisesPage(t)) {
		t.Error(fault)
	}
}

// TestHousePromisesCanFail spoils the page in one place at a time.
func TestHousePromisesCanFail(t *testing.T) {
	page := promisesPage(t)
	row := func(number int) string {
		return regexp.MustCompile(fmt.Sprintf(`(?m)^\| %d \| .*\n`, number)).FindString(page)
	}
	spoil := func(number int, old, new string) [2]string {
		return [2]string{row(number), strings.Replace(row(number), old, new, 1)}
	}
	for name, c := range map[string][2]string{
		"a row is gone":        {row(40), ""},
		"a row is there twice": {row(41), row(40)},
		"no verdict":           spoil(34, "**kept**", ""),
		"another verdict":      spoil(34, "kept", "planned"),
		"kept without a test":  spoil(34, "`endpoint.TestKeepAlive`", ""),
		"a test of anywhere":   spoil(34, "endpoint.TestKeepAlive", "TestKeepAlive"),
		"it never failed":      spoil(34, "TestKeepAlive", "TestTimeout"),
		"later, but when":      spoil(79, "engines:", "some day:"),
		"later, and it failed": spoil(34, "**kept**", "later"),
		"refused, but why":     {row(88), "| 88 | spin locks | PeerNet | refused | we will not |\n"},
		"the sum is wrong":     {" kept, ", " kept or so, "},
	} {
		spoiled := strings.Replace(page, c[0], c[1], 1)
		if spoiled == page || len(brokenPromises(spoiled)) == 0 {
			t.Errorf("%s: no fault", name)
		}
	}
}
