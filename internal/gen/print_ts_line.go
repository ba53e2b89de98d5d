package gen

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// columns is how wide a line may be.
const columns = 100

// linef prints lines. A line that begins with a closing brace stands where its opening one does, and
// what follows an opening one stands deeper; what is too wide is broken at its arguments.
func (t *tsPrinter) linef(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		if strings.HasPrefix(line, "}") || strings.HasPrefix(line, "]") || strings.HasPrefix(line, ")") {
			t.indent--
		}
		t.put(line)
		if last := line[max(len(line)-1, 0):]; last == "{" || last == "[" || last == "(" {
			t.indent++
		}
	}
}

// put prints one line.
func (t *tsPrinter) put(line string) {
	if line == "" {
		t.out.WriteByte('\n')
		return
	}
	head, args, tail, ok := broken(line)
	if 2*t.indent+len(line) <= columns || !ok {
		fmt.Fprintf(&t.out, "%s%s\n", strings.Repeat("  ", t.indent), line)
		return
	}
	if params, body, ok := strings.Cut(line, " => "); ok && params == "(x, y)" {
		t.put(params + " =>")
		t.indent++
		t.put(body)
		t.indent--
		return
	}
	if left, right, ok := strings.Cut(line, " = "); ok && !strings.HasSuffix(line, "{") && (outside(right, " && ") >= 0 || outside(right, " ? ") >= 0) {
		t.put(left + " =")
		t.indent++
		t.put(right)
		t.indent--
		return
	}
	if i := outside(line, " && "); i >= 0 {
		t.put(line[:i+len(" &&")])
		t.put(line[i+len(" && "):])
		return
	}
	comma := ","
	if before := strings.TrimRight(head, "("); before != head && (before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, "!")) {
		comma = "" // it is no call
	}
	t.put(head)
	t.indent++
	for _, arg := range args {
		t.put(arg + comma)
	}
	t.indent--
	t.put(tail)
}

// broken cuts a line at the arguments of its outermost call, or the fields of its outermost object.
func broken(line string) (head string, args []string, tail string, ok bool) {
	from := strings.IndexAny(line, "({")
	if i := strings.Index(line, " = "); i >= 0 && !strings.HasPrefix(line, "if (") && !strings.HasPrefix(line, "for (") { // the right side of an assignment
		if j := strings.IndexAny(line[i:], "({["); j >= 0 {
			from = i + j
		}
	}
	if from < 0 {
		return "", nil, "", false
	}
	depth, start := 0, from+1
	for i := from; i < len(line); i++ {
		switch line[i] {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
			if depth == 0 {
				args = append(args, strings.TrimSpace(line[start:i]))
				return strings.TrimRight(line[:from+1], " "), args, line[i:], args[0] != ""
			}
		case ',':
			if depth == 1 {
				args = append(args, strings.TrimSpace(line[start:i]))
				start = i + 1
			}
		}
	}
	return "", nil, "", false
}

// comment prints a text above what it is about, if there is one.
func (t *tsPrinter) comment(text string) {
	text = strings.ReplaceAll(text, "*/", "* /")
	wide := columns - 2*t.indent
	switch {
	case text == "":
		return
	case len("/** ")+len(text)+len(" */") <= wide:
		t.as("/** %s */", text)
		return
	}
	t.as("/**")
	line := " *"
	for word := range strings.SplitSeq(text, " ") {
		if len(line)+1+len(word) > wide {
			t.as("%s", line)
			line = " *"
		}
		line += " " + word
	}
	t.as("%s", line)
	t.as(" */")
}

// as prints a line as it is.
func (t *tsPrinter) as(format string, args ...any) {
	fmt.Fprintf(&t.out, strings.Repeat("  ", t.indent)+format+"\n", args...)
}

// parameter is one that functions of a struct without fields do not use, which the underscore says.
var parameter = regexp.MustCompile(`\b(w|r|m|a|b|from|base):`)

// function prints the head of a member.
func (t *tsPrinter) function(doc, head string) {
	t.names = make(map[string]bool)
	if t.unused {
		head = parameter.ReplaceAllString(head, "_$1:")
	}
	t.linef("")
	t.comment(doc)
	if 2*t.indent+len(head)+2 <= columns {
		t.linef("%s {", head)
		return
	}
	name, rest, _ := strings.Cut(head, "(")
	end := strings.LastIndexByte(rest, ')')
	t.linef("%s(", name)
	for _, param := range strings.SplitAfter(rest[:end]+", ", ", ") {
		if param != "" {
			t.linef("%s", strings.TrimSuffix(param, " "))
		}
	}
	t.linef("%s {", rest[end:])
}

// guarded prints what happens under a condition: on its line, if it is one short statement.
func (t *tsPrinter) guarded(condition string, body func()) {
	whole := t.out
	t.out = bytes.Buffer{}
	t.indent++
	body()
	t.indent--
	inner := t.out
	t.out = whole
	statement := strings.TrimSpace(inner.String())
	line := fmt.Sprintf("if (%s) %s", condition, statement)
	if !strings.Contains(statement, "\n") && 2*t.indent+len(line) <= columns && strings.HasSuffix(statement, ";") {
		t.linef("%s", line)
		return
	}
	t.linef("if (%s) {", condition)
	t.out.Write(inner.Bytes())
	t.linef("}")
}
