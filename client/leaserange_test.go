package client

import (
	"fmt"
	"testing"
	"time"
)

func scpdWith(limits string) string {
	return `<scpd xmlns="urn:schemas-upnp-org:service-1-0"><serviceStateTable><stateVariable><name>ConnectionType</name></stateVariable>` +
		`<stateVariable sendEvents="no"><name> PortMappingLeaseDuration </name><dataType>ui4</dataType>` + limits + `</stateVariable></serviceStateTable></scpd>`
}

func TestLeaseRange(t *testing.T) {
	limits := func(least, most any) string {
		return fmt.Sprintf("<allowedValueRange><minimum>%v</minimum><maximum>%v</maximum></allowedValueRange>", least, most)
	}
	for name, tt := range map[string]struct {
		body string
		want leaseRange
	}{
		"version 2":      {scpdWith(limits(0, 604800)), leaseRange{0, maxWeek}},
		"an hour":        {scpdWith(limits(60, " 3600 ")), leaseRange{time.Minute, time.Hour}},
		"none":           {scpdWith(""), leaseRange{}},
		"the wrong way":  {scpdWith(limits(3600, 60)), leaseRange{}},
		"no number":      {scpdWith(limits("a", "-1")), leaseRange{}},
		"another's only": {`<scpd><stateVariable><name>X</name>` + limits(1, 2) + `</stateVariable></scpd>`, leaseRange{}},
	} {
		if got, err := readLeaseRange([]byte(tt.body), ""); err != nil || got != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	r := leaseRange{time.Minute, time.Hour}
	for lease, want := range map[time.Duration]time.Duration{0: time.Minute, time.Second: time.Minute, 2 * time.Minute: 2 * time.Minute, maxWeek: time.Hour} {
		if got := r.clamp(lease); got != want {
			t.Errorf("%v becomes %v, want %v", lease, got, want)
		}
	}
}

func FuzzLeaseRange(f *testing.F) {
	f.Add([]byte(scpdWith("<allowedValueRange><minimum>0</minimum><maximum>604800</maximum></allowedValueRange>")))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := readLeaseRange(body, "")
		if r.least < 0 || r.most < r.least || err != nil && r != (leaseRange{}) {
			t.Errorf("%v, %v", r, err)
		}
	})
}
