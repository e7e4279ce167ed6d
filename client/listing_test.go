package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/igdkit/igdkit/soap"
)

// table serves GetGenericPortMappingEntry from entries; past its end it answers with a code.
func table(entries []PortMapping, end int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		m, _, _ := soap.Parse(b, "", soap.Limits{})
		i, err := strconv.Atoi(m.Args[0].Value)
		if err != nil || i >= len(entries) {
			w.WriteHeader(http.StatusInternalServerError)
			w.Write(soap.WriteFault(end, ""))
			return
		}
		w.Write(soap.WriteResponse(m.Service, m.Action, generic(entries[i])))
	}
}

func generic(m PortMapping) []soap.Arg {
	enabled := "0"
	if m.Enabled {
		enabled = "1"
	}
	return []soap.Arg{{Name: "NewRemoteHost", Value: m.RemoteHost}, {Name: "NewExternalPort", Value: strconv.Itoa(int(m.ExternalPort))}, {Name: "NewProtocol", Value: m.Protocol},
		{Name: "NewInternalPort", Value: strconv.Itoa(int(m.InternalPort))}, {Name: "NewInternalClient", Value: m.InternalClient}, {Name: "NewEnabled", Value: enabled},
		{Name: "NewPortMappingDescription", Value: m.Description}, {Name: "NewLeaseDuration", Value: strconv.Itoa(int(m.Lease / time.Second))}}
}

// listOf serves GetListOfPortMappings, and refuses a range whose listing would exceed limit entries by sending too much.
func listOf(entries []PortMapping, limit int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		m, _, _ := soap.Parse(b, "", soap.Limits{})
		first, _ := strconv.Atoi(m.Args[0].Value)
		last, _ := strconv.Atoi(m.Args[1].Value)
		var found []soap.PortListingEntry
		for _, e := range entries {
			if e.Protocol == m.Args[2].Value && first <= int(e.ExternalPort) && int(e.ExternalPort) <= last {
				found = append(found, soap.PortListingEntry{ExternalPort: e.ExternalPort, Protocol: e.Protocol, InternalPort: e.InternalPort,
					InternalClient: e.InternalClient, Enabled: e.Enabled, Description: e.Description, Lease: e.Lease})
			}
		}
		if len(found) == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			w.Write(soap.WriteFault(soap.PortMappingNotFound, ""))
			return
		}
		listing := soap.WritePortListing(found)
		if len(found) > limit {
			listing += strings.Repeat(" ", 2<<20)
		}
		w.Write(soap.WriteResponse(m.Service, m.Action, []soap.Arg{{Name: "NewPortListing", Value: listing}}))
	}
}

func ports(ps ...uint16) (entries []PortMapping) {
	for _, p := range ps {
		entries = append(entries, PortMapping{ExternalPort: p, Protocol: "TCP", InternalPort: 80, InternalClient: "192.168.1.10", Enabled: true,
			Description: "x", Lease: time.Minute, LeaseKnown: true})
	}
	return entries
}

func list(ctx context.Context, g *Gateway) (found []PortMapping, err error) {
	for m, err := range g.PortMappings(ctx) {
		if err != nil {
			return found, err
		}
		found = append(found, m)
	}
	return found, nil
}

func TestListByIndex(t *testing.T) {
	three := ports(80, 443, 8080)
	template := PortMapping{Protocol: "TCP", ExternalPort: 27015, Description: "Games/Applications"}
	isp := PortMapping{RemoteHost: "193.253.67.228", ExternalPort: 51005, Protocol: "TCP", InternalPort: 51005, InternalClient: "192.168.1.13", Enabled: true,
		Description: "STB TR069", Lease: 80000 * time.Second, LeaseKnown: true}
	tests := []struct {
		name   string
		answer any
		want   []PortMapping
		code   int
	}{
		{"list-end-713", table(three, 713), three, 0},
		{"list-end-402", table(three, 402), three, 0},
		{"list-end-501", table(three, 501), three, 0},
		{"list-end-714", table(three, 714), three, 0},
		{"empty", table(nil, 713), nil, 0},
		{"list-606", 606, nil, 606},
		{"list-query-disabled", 401, nil, 401},
		{"list-repeats-last", table(slices.Concat(three, slices.Repeat(three[2:], 5000)), 713), three, 0},
		{"goes round in circles", table(slices.Repeat(three, 5000), 713), three, 0},
		{"list-shifts", table(slices.Concat(three[:2], three[1:]), 713), three, 0},
		{"list-empty-client", table(slices.Concat(slices.Repeat([]PortMapping{template}, 40), three, []PortMapping{template}), 713), three, 0},
		{"templates without end", table(slices.Repeat([]PortMapping{template}, 70000), 713), nil, 0},
		{"list-isp-entries", table(append(slices.Clone(three), isp), 713), append(slices.Clone(three), isp), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withGateway(t, "WANIPConnection:1", map[string]any{"GetGenericPortMappingEntry": tt.answer}, func(t *testing.T, s *stub, g *Gateway) {
				got, err := list(t.Context(), g)
				var refused *soap.Error
				if errors.As(err, &refused) != (tt.code != 0) || refused != nil && refused.Code != tt.code {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if n := s.times("/ctl#GetGenericPortMappingEntry"); n > len(tt.want)+maxIdle {
					t.Errorf("asked %d times", n)
				}
			})
		})
	}
}

// However a table loses rows while it is read by index, what stays is listed.
func TestListByIndexShifts(t *testing.T) {
	tests := []struct {
		name string
		goes map[int]int // which row goes once so many were asked for
	}{
		{"before the reader", map[int]int{2: 0}},
		{"one after another", map[int]int{2: 0, 4: 1}},
		{"in the second pass too", map[int]int{2: 0, 7: 0}},
		{"in the third", map[int]int{2: 0, 7: 0, 11: 0}},
		{"the last but one before the end", map[int]int{5: 3}},
		{"behind the reader", map[int]int{1: 4}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := ports(1, 2, 3, 4, 5)
			asked := 0
			answer := func(w http.ResponseWriter, r *http.Request) {
				if i, ok := tt.goes[asked]; ok {
					rows = slices.Delete(slices.Clone(rows), i, i+1)
				}
				asked++
				table(rows, 713)(w, r)
			}
			withGateway(t, "WANIPConnection:1", map[string]any{"GetGenericPortMappingEntry": answer}, func(t *testing.T, s *stub, g *Gateway) {
				got, err := list(t.Context(), g)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range rows {
					if n := slices.Index(got, want); n < 0 || slices.Contains(got[n+1:], want) {
						t.Errorf("port %d was there all the time; listed are %v", want.ExternalPort, got)
					}
				}
				if asked > maxPasses*6 {
					t.Errorf("asked %d times", asked)
				}
			})
		})
	}
}

// A table that never stands still is given up, and so is one that fails when it is read again.
func TestListByIndexBounded(t *testing.T) {
	asked := 0
	restless := func(w http.ResponseWriter, r *http.Request) {
		asked++
		table(ports(uint16(asked), uint16(asked+1)), 713)(w, r)
	}
	withGateway(t, "WANIPConnection:1", map[string]any{"GetGenericPortMappingEntry": restless}, func(t *testing.T, s *stub, g *Gateway) {
		if _, err := list(t.Context(), g); err != nil || asked > maxPasses*3 {
			t.Errorf("%v after %d questions", err, asked)
		}
	})
	asked = 0
	failing := func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked > 3 {
			table(nil, 606)(w, r)
			return
		}
		table(ports(1, 2), 713)(w, r)
	}
	withGateway(t, "WANIPConnection:1", map[string]any{"GetGenericPortMappingEntry": failing}, func(t *testing.T, s *stub, g *Gateway) {
		if got, err := list(t.Context(), g); err != nil || len(got) != 2 {
			t.Errorf("listed %v, %v", got, err)
		}
	})
}

func TestListAtOnce(t *testing.T) {
	many := make([]uint16, 600)
	for i := range many {
		many[i] = uint16(1024 + 97*i)
	}
	three := ports(80, 443, 8080)
	three[1].Protocol = "UDP"
	byProtocol := []PortMapping{three[0], three[2], three[1]}
	tests := []struct {
		name     string
		atOnce   any
		index    any
		want     []PortMapping
		requests int // for the index, which is read twice
	}{
		{"all", listOf(three, 100), table(three, 713), byProtocol, 0},
		{"larger than we read", listOf(ports(many...), 100), 501, ports(many...), 0},
		{"nothing listed, so the index is asked", listOf(nil, 100), table(three, 713), three, 8},
		{"unknown action", 401, table(three, 713), three, 8},
		{"not authorised", 606, table(three, 713), three, 8},
		{"not a listing", []soap.Arg{{Name: "NewPortListing", Value: "<html>"}}, table(three, 713), three, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withGateway(t, "WANIPConnection:2", map[string]any{"GetListOfPortMappings": tt.atOnce, "GetGenericPortMappingEntry": tt.index}, func(t *testing.T, s *stub, g *Gateway) {
				got, err := list(t.Context(), g)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if n := s.times("/ctl#GetGenericPortMappingEntry"); n != tt.requests {
					t.Errorf("the index was asked %d times, want %d", n, tt.requests)
				}
			})
		})
	}
}

// A gateway that does not heed what it is asked for is listed once, and one whose every listing is too large is asked for so many ranges only.
func TestListAtOnceIsJudged(t *testing.T) {
	heedless := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		m, _, _ := soap.Parse(b, "", soap.Limits{})
		var all []soap.PortListingEntry
		for _, protocol := range []string{"TCP", "UDP", "tcp", "ICMP"} {
			all = append(all, soap.PortListingEntry{ExternalPort: 80, Protocol: protocol, InternalPort: 80, InternalClient: "192.168.1.20", Enabled: true})
		}
		listing := soap.WritePortListing(all)
		if first, last := m.Args[0].Value, m.Args[1].Value; first == "1" && last == "65535" {
			listing += strings.Repeat(" ", 2<<20) // so that it is asked by halves, which it does not heed either
		}
		w.Write(soap.WriteResponse(m.Service, m.Action, []soap.Arg{{Name: "NewPortListing", Value: listing}}))
	}
	withGateway(t, "WANIPConnection:2", map[string]any{"GetListOfPortMappings": heedless, "GetGenericPortMappingEntry": 501}, func(t *testing.T, _ *stub, g *Gateway) {
		got, err := list(t.Context(), g)
		var keys []Key
		for _, m := range got {
			keys = append(keys, m.Key())
		}
		if diff := cmp.Diff([]Key{{ExternalPort: 80, Protocol: "TCP"}, {ExternalPort: 80, Protocol: "UDP"}}, keys); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
	})
	var every []PortMapping
	for p := range 1 << 16 {
		if p%8 == 1 {
			every = append(every, ports(uint16(p))...)
		}
	}
	withGateway(t, "WANIPConnection:2", map[string]any{"GetListOfPortMappings": listOf(every, 1), "GetGenericPortMappingEntry": table(ports(80), 713)}, func(t *testing.T, s *stub, g *Gateway) {
		if got, err := list(t.Context(), g); len(got) != 1 || err != nil {
			t.Errorf("%v, %v", got, err)
		}
		if n := s.times("/ctl#GetListOfPortMappings"); n > maxRanges {
			t.Errorf("%d ranges were asked for", n)
		}
	})
}

func TestListStops(t *testing.T) {
	withGateway(t, "WANIPConnection:1", map[string]any{"GetGenericPortMappingEntry": table(ports(1, 2, 3), 713)}, func(t *testing.T, s *stub, g *Gateway) {
		for range g.PortMappings(t.Context()) {
			break
		}
		if n := s.times("/ctl#GetGenericPortMappingEntry"); n != 1 {
			t.Errorf("asked %d times for the first entry", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := list(ctx, g); !errors.Is(err, context.Canceled) {
			t.Errorf("with an ended context: %v", err)
		}
	})
}
