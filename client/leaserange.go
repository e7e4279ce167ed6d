package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// with adds a lease to those that were tried.
func (l leases) with(lease time.Duration) leases {
	l.endless = l.endless || lease == 0
	l.finite = l.finite || lease > 0
	l.hour = l.hour || lease == time.Hour
	return l
}

// leaseRange is what the description of a service says of PortMappingLeaseDuration (UDA 1.1 §2.5).
type leaseRange struct{ least, most time.Duration }

// clamp is the lease in the range that is nearest.
func (r leaseRange) clamp(lease time.Duration) time.Duration { return max(min(lease, r.most), r.least) }

// allowed is the lease that the gateway says it allows, instead of the one that it has refused: the same when it says nothing, or cannot be asked. Its
// description of the service is read for that once, and never of a gateway that refuses nothing.
func (p *planner) allowed(ctx context.Context, lease time.Duration) time.Duration {
	g, ok := p.gw.actions.(*Gateway)
	if !ok {
		return lease
	}
	r := p.gw.readings
	if r.leases == nil {
		began := time.Now()
		found, err := g.leaseRange(ctx)
		step := Step{Action: "SCPD", Outcome: "no range of leases", Err: err}
		if found.most > 0 {
			step.Outcome = "leases up to " + found.most.String()
		}
		p.note(step, PortMapping{}, began)
		r.leases = &found
	}
	if r.leases.most == 0 {
		return lease
	}
	return r.leases.clamp(lease)
}

// leaseRange reads the range from the SCPD. Without one it is the zero leaseRange.
func (g *Gateway) leaseRange(ctx context.Context) (leaseRange, error) {
	at, err := url.Parse(g.Service.SCPDURL)
	if err != nil || g.Service.SCPDURL == "" {
		return leaseRange{}, err
	}
	page, err := candidate{location: at, local: g.Local}.fetch(ctx, g.options)
	if err != nil {
		return leaseRange{}, err
	}
	if page.Status != http.StatusOK {
		return leaseRange{}, &soap.HTTPError{Status: page.Status, Reason: page.Reason}
	}
	return readLeaseRange(page.Body, page.Fields.Get("Content-Type"))
}

// readLeaseRange finds the range in an SCPD.
func readLeaseRange(body []byte, contentType string) (leaseRange, error) {
	doc, _, err := soap.ReadXML(body, contentType, soap.Limits{Size: maxDescriptionSize, Depth: maxDepth})
	if err != nil {
		return leaseRange{}, err
	}
	for _, v := range doc.FindElements("//stateVariable") {
		name, limits := v.SelectElement("name"), v.SelectElement("allowedValueRange")
		if name == nil || limits == nil || strings.TrimSpace(name.Text()) != "PortMappingLeaseDuration" {
			continue
		}
		bound := func(tag string) time.Duration {
			if e := limits.SelectElement(tag); e != nil {
				if n, err := strconv.ParseUint(strings.TrimSpace(e.Text()), 10, 32); err == nil {
					return time.Duration(n) * time.Second
				}
			}
			return 0
		}
		if r := (leaseRange{least: bound("minimum"), most: bound("maximum")}); r.least <= r.most {
			return r, nil
		}
	}
	return leaseRange{}, nil
}
