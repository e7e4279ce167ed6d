package emulator

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what one deed may make the wire do.
const (
	maxDuplicate = 100
	maxPieces    = 1000
	maxDelay     = 10 * time.Minute
	maxRandom    = 8 << 10
)

func (d Deed) problems(on Layer, v vocabulary, at []any, report report) {
	bad := func(word, format string, args ...any) { report(below(at, word), "", format, args...) }
	verbs := d.verbs()
	if len(given(d, "")) == 0 {
		report(at, "", "nothing is done")
	}
	if len(verbs) > 1 {
		bad(verbs[1], "one verb ends the occasion, and there is %s already", verbs[0])
	}
	if e := d.UPnPError; e != nil && (e.Code < 400 || e.Code > 999) {
		bad("upnp-error", "%d is no error code from 400 to 999", e.Code)
	}
	if d.HTTPStatus != nil {
		d.HTTPStatus.problems(below(at, "http-status"), report)
	}
	if d.Store != nil && *d.Store {
		bad("store", "happens anyway; only false says something")
	}
	choice(d.Close, below(at, "close"), report)
	d.editProblems(on, v, at, report)
	for i, r := range d.Replace {
		if r.Find == "" || (r.Text == nil) == (r.Hex == nil) {
			report(below(at, "replace", i), "", "must have something to find, and either text or hex for it")
		}
	}
	if s := d.Delay; s.Min < 0 || s.Max < s.Min || s.Max > maxDelay {
		bad("delay", "%v is not within 0s..%v", s, maxDelay)
	}
	if s := d.Drip; s != nil && (s.Bytes < 1 || s.Every.Min < 0 || s.Every.Max < s.Every.Min || s.Every.Max > maxDelay) {
		bad("drip", "must be of one byte or more, every 0s..%v", maxDelay)
	}
	if len(d.Split) > maxPieces {
		bad("split", "has more than %d pieces", maxPieces)
	}
	for i, n := range d.Split {
		if n < 1 {
			report(below(at, "split", i), "", "a piece of %d bytes is none", n)
		}
	}
	if d.Truncate != nil && *d.Truncate < 0 {
		bad("truncate", "must not be negative")
	}
	if o := d.SendFrom; o != nil {
		switch a := o.Address; {
		case *o == Origin{}:
			bad("send-from", "must have a port or an address")
		case a.IsMulticast() || a.IsValid() && a.IsUnspecified():
			report(below(at, "send-from", "address"), "", "%v is nobody's address", a)
		}
	}
	if d.Random < 0 || d.Random > maxRandom {
		bad("random", "%d is not within 1..%d", d.Random, maxRandom)
	}
	if d.Duplicate < 0 || d.Duplicate > maxDuplicate {
		bad("duplicate", "%d is not within 0..%d", d.Duplicate, maxDuplicate)
	}
}

func (r *StatusReply) problems(at []any, report report) {
	if r.Status < 100 || r.Status > 999 || strings.ContainsAny(r.Reason+r.Type, "\r\n") {
		report(at, "", "%d %s is no status from 100 to 999 with a reason and a type on one line each", r.Status, r.Reason)
	}
	r.Head.headProblems(below(at, "head"), report, false, headWords()...)
}

// editProblems looks at the named values.
func (d Deed) editProblems(on Layer, v vocabulary, at []any, report report) {
	for _, name := range sortedKeys(d.Set) {
		at := below(at, "set", name)
		known(name, v.edited, at, report)
		on.nameProblem(name, at, report)
		d.Set[name].problems(on, name, v, at, report)
	}
	for _, name := range sortedKeys(d.Rename) {
		at := below(at, "rename", name)
		known(name, v.edited, at, report)
		on.nameProblem(d.Rename[name], at, report)
	}
	for i, name := range d.Remove {
		known(name, v.edited, below(at, "remove", i), report)
	}
}

// nameProblem reports a name that cannot be written on l.
func (l Layer) nameProblem(name string, at []any, report report) {
	if l.header() {
		if name == "" || strings.ContainsAny(name, ":\r\n") {
			report(at, "", "%q is no name of a header field", name)
		}
	} else if !xmlName(name) {
		report(at, "", "%q is no name that XML can have", name)
	}
}

// header reports whether the named values of l are header fields.
func (l Layer) header() bool { return l == onHead || l == onReply || l == onNotify }

func (s Setting) problems(on Layer, name string, v vocabulary, at []any, report report) {
	sources := 0
	for _, given := range []bool{s.Text != nil, s.Hex != nil, s.SameAs != ""} {
		if given {
			sources++
		}
	}
	if sources != 1 {
		report(at, "", "must be a text, hex, or the same as another")
		return
	}
	if s.SameAs != "" {
		known(s.SameAs, v.sources, below(at, "same-as"), report)
	}
	fixed := s.text(func(string) string { return "" })
	switch {
	case on.header() && strings.ContainsAny(fixed, "\r\n"):
		report(at, "", "must be on one line")
	case !on.header() && !xmlText(fixed):
		report(at, "", "XML cannot carry it; replace bytes of http.body instead")
	case on == onAdd:
		// Whether a source is a value for this argument, an example tells: a port is one for a port.
		example := Mapping{Protocol: "TCP", ExternalPort: 1, InternalPort: 1}
		if err := example.setArgument("NewInternalClient", "192.0.2.1", time.Time{}); err != nil {
			return
		}
		value := s.text(func(name string) string { v, _ := example.argument(name); return v })
		if err := example.setArgument(name, value, time.Time{}); err != nil {
			report(at, "", "%v", err)
		}
	}
}

// xmlText reports whether XML can carry s (XML 1.0 §2.2).
func xmlText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError
	})
}

// xmlName reports whether s can be the name of an element; without the letters that no service uses.
func xmlName(s string) bool {
	for i, r := range s {
		if !(r == '_' || unicode.IsLetter(r) || i > 0 && (r == '-' || r == '.' || unicode.IsDigit(r))) {
			return false
		}
	}
	return s != ""
}
