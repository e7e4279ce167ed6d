package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Verdict is what a good client must reach in a scenario: one of the Verdict constants, or "refused:" and the UPnP
// error code with which the gateway refuses.
type Verdict string

const (
	VerdictOpens          Verdict = "opens"            // the port is open as asked
	VerdictOpensElsewhere Verdict = "opens-elsewhere"  // open on another port, or with another lease, than asked
	VerdictOpensButDead   Verdict = "opens-but-dead"   // the gateway says open, no byte arrives, and nothing on the LAN can tell
	VerdictBroken         Verdict = "broken"           // the gateway speaks no usable SOAP
	VerdictNoGateway      Verdict = "no-gateway"       // there is nothing to find
	VerdictUnusable       Verdict = "unusable-address" // mapped, but the external address cannot be reached from the Internet
	VerdictNone           Verdict = "none"             // not about opening ports
)

const refused = "refused:"

// Choices lists the verdicts for suggestions.
func (Verdict) Choices() []string {
	return []string{
		string(VerdictOpens), string(VerdictOpensElsewhere), string(VerdictOpensButDead), refused + "CODE",
		string(VerdictBroken), string(VerdictNoGateway), string(VerdictUnusable), string(VerdictNone),
	}
}

// UnmarshalText takes the words of Choices, with a number for CODE.
func (v *Verdict) UnmarshalText(text []byte) error {
	word := string(text)
	if code, ok := strings.CutPrefix(word, refused); ok {
		if n, err := strconv.Atoi(code); err != nil || n < 400 || n > 999 {
			return fmt.Errorf("%q is no UPnP error code (400 to 999)", code)
		}
	} else if !slices.Contains(v.Choices(), word) {
		return fmt.Errorf("%q is no verdict (%s)", word, strings.Join(v.Choices(), ", "))
	}
	*v = Verdict(word)
	return nil
}

// Code is the UPnP error code of a refusal, 0 for every other verdict.
func (v Verdict) Code() int {
	code, _ := strings.CutPrefix(string(v), refused)
	n, _ := strconv.Atoi(code)
	return n
}
