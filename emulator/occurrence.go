package emulator

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Occurrence is the n-th time that a journal has something: an action that succeeded, by its name; a change, by its [EventKind]; or a
// fault, by its name.
type Occurrence struct {
	What  string // AddPortMapping, reboot, add-lease-725; "": nothing
	Count int    // 0: 1
}

// UnmarshalText reads AddPortMapping#3 or reboot; without a number it is the first.
func (o *Occurrence) UnmarshalText(text []byte) error {
	what, count, numbered := strings.Cut(string(text), "#")
	n := 1
	var err error
	if numbered {
		n, err = strconv.Atoi(count)
	}
	if what == "" || err != nil || n < 1 {
		return errors.New("must be an action, a change or a fault, such as AddPortMapping#3 or reboot")
	}
	*o = Occurrence{what, n}
	return nil
}

// MarshalText writes o as UnmarshalText reads it.
func (o Occurrence) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

func (o Occurrence) String() string {
	if o.count() == 1 {
		return o.What
	}
	return fmt.Sprintf("%s#%d", o.What, o.Count)
}

func (o Occurrence) count() int {
	if o.What == "" {
		return 0
	}
	return cmp.Or(o.Count, 1)
}

// is reports whether e is one of what o counts. Actions begin with a capital.
func (o Occurrence) is(e Entry) bool {
	switch {
	case o.What[0] >= 'A' && o.What[0] <= 'Z':
		return e.Kind == "soap.call" && e.Name == o.What && e.Code == 0
	case e.Kind == "fault":
		return e.Name == o.What
	}
	return e.Kind == "state."+o.What
}
