package gen

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// fixed is the type that writes itself, of the random schemas and of the struct of sixty fields.
const fixed = `import { type Bits } from "@tickwire/client/codec";

export type Fixed = number;

export const Fixed: Bits<Fixed> = {
  create: () => 0,
  appendBits: (w, v) => %s,
  readBits: (r) => %s,
};
`

// checkWide: a struct of sixty fields goes through TypeScript and back.
func checkWide(t *testing.T, dir string) {
	source, err := os.ReadFile("sample/wide/messages.go")
	if err != nil {
		t.Fatal(err)
	}
	checkProgram(t, dir, strings.Replace(string(source), "package wide", "package main", 1),
		fmt.Sprintf(fixed, `w.zigzag32("Fixed", v)`, `r.zigzag32("Fixed")`))
}

// checkRandom: so do messages of random schemas.
func checkRandom(t *testing.T, dir string) {
	checkProgram(t, dir, randomSource(*seed, 16), fmt.Sprintf(fixed, "w.bits(v, 10)", "r.bits(10)"))
}

// checkProgram has Go write messages of a package, and takes them through TypeScript.
func checkProgram(t *testing.T, dir, source, customs string) {
	t.Helper()
	p := randomProgram(t, source)
	vectors, err := p.run(t, "vectors")
	if err != nil {
		t.Fatal(err)
	}
	model, err := Load(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, peer(t, dir, model, customs), string(vectors))
}

// checkVectors takes each vector through TypeScript, in full and as a delta: the name of a type, a version, a
// message, another, and the delta between them. Behind these are, twice, damaged bytes, and what Go makes of them as
// a message and as a delta: TypeScript makes the same of them, or refuses them at the same field for the same reason.
func checkVectors(t *testing.T, program, vectors string) {
	t.Helper()
	var jobs, wants []string
	job := func(want, format string, args ...any) {
		jobs, wants = append(jobs, fmt.Sprintf(format, args...)), append(wants, want)
	}
	for line := range strings.Lines(vectors) {
		part := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		name, base, next, delta := part[0]+" "+part[1], part[2], part[3], part[4]
		job("="+base, "full %s %s", name, base)
		job("="+delta, "delta %s %s %s", name, base, next)
		job("="+next, "apply %s %s %s", name, base, delta)
		for wrong := range slices.Chunk(part[5:], 3) {
			job(wrong[1], "full %s %s", name, wrong[0])
			job(wrong[2], "apply %s %s %s", name, base, wrong[0])
		}
	}
	refused, failed := 0, 0
	for i, answer := range ask(t, program, strings.Join(jobs, "\n"), len(jobs)) {
		answer = strings.NewReplacer("= ", "=", "! ", "!", ": ", ":", "too long", "too_long").Replace(answer)
		refused += strings.Count(answer, "!")
		if !agree(answer, wants[i]) && failed < 5 {
			failed++
			t.Errorf("-seed=%d, %s: TypeScript says %s, Go %s", *seed, jobs[i], answer, wants[i])
		}
	}
	if len(jobs) < 500 || refused < len(jobs)/10 {
		t.Errorf("%d of %d are refused", refused, len(jobs))
	}
}

// agree reports whether both say the same of a message. Go takes several fields at once, so it may see the end
// before it sees what is wrong; and what another package has to say of its own bytes, only Go asks.
func agree(answer, want string) bool {
	if rest, ok := strings.CutPrefix(want, "~"); ok {
		return !strings.HasPrefix(answer, "?") && (rest[0] == '!' || answer[0] == '=')
	}
	field, short := strings.CutSuffix(want, ":short")
	return answer == want || short && (strings.HasPrefix(answer, field+":") || strings.HasSuffix(answer, ":short"))
}
