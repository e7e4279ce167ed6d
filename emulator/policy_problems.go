package emulator

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/igdkit/igdkit/internal/words"
)

// policyProblems reports what is wrong with the policy, the connections and the mappings of o.
func (o Options) policyProblems(report report) {
	wordProblems([]any{"policy"}, reflect.ValueOf(o.Policy), report)
	wordProblems([]any{"wan"}, reflect.ValueOf(o.WAN), report)
	wordProblems([]any{"mappings"}, reflect.ValueOf(o.Mappings), report)
	p := &o.Policy
	p.Capacity.problems([]any{"policy", "capacity"}, report)
	p.Pinholes.Capacity.problems([]any{"policy", "pinholes", "capacity"}, report)
	if b := p.Counters.Bits; b != 0 && b != 32 && b != 64 {
		report([]any{"policy", "counters", "bits"}, "", "must be 32 or 64, not %d", b)
	}
	length := func(name string, n int) {
		if n < 0 || n > maxText {
			report([]any{"policy", "descriptions", name}, "", "must be within 0..%d, not %d", maxText, n)
		}
	}
	length("limit", p.Descriptions.Limit)
	length("shown", p.Descriptions.Shown)
	if p.ExternalIP.Late < 0 {
		report([]any{"policy", "external-ip", "late"}, "", "must not be negative")
	}
	if p.Leases.Accept == "finite" && p.Leases.Zero != nil {
		report([]any{"policy", "leases", "zero"}, "", "says what 0 becomes, but only finite leases are accepted")
	}
	for _, name := range sortedKeys(p.Clients.Hosts) {
		if addr := p.Clients.Hosts[name]; !addr.Is4() {
			report([]any{"policy", "clients", "hosts", name}, "", "must be an IPv4 address, not %v", addr)
		}
	}
	o.Version = cmp.Or(o.Version, 2)
	o.Connection = cmp.Or(o.Connection, ipConnection)
	wans := wanOf(o)
	for i, w := range wans {
		w.problems([]any{"wan", i}, o, report)
	}
	for i, m := range o.Mappings {
		m.problems([]any{"mappings", i}, len(wans), report)
	}
}

func (p CapacityPolicy) problems(at []any, report report) {
	if p.Entries < 0 || p.Entries > maxMappings {
		report(below(at, "entries"), "", "must be within 1..%d, not %d", maxMappings, p.Entries)
	}
}

// wordProblems reports the words in v that are none of their type's, which only Go code can hold: the scenario language has read its
// own. What is zero is the default, and no word.
func wordProblems(at []any, v reflect.Value, report report) {
	if v.IsZero() {
		return
	}
	if v.Kind() == reflect.Pointer {
		wordProblems(at, v.Elem(), report)
		return
	}
	switch x := v.Interface().(type) {
	case interface{ Choices() []string }:
		word := fmt.Sprint(v.Interface())
		if all := x.Choices(); word != "" && !slices.Contains(all, word) {
			report(at, words.Nearest(word, all), "%q is not one of %s", word, strings.Join(all, ", "))
		}
		return
	case interface{ problem() error }:
		if err := x.problem(); err != nil {
			report(at, "", "%v", err)
		}
		return
	case fmt.Stringer: // an address
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
				wordProblems(below(at, key), v.Field(i), report)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			wordProblems(below(at, i), v.Index(i), report)
		}
	case reflect.Map:
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) }) {
			place := below(at, key.String())
			wordProblems(place, key, report)
			wordProblems(place, v.MapIndex(key), report)
		}
	}
}
