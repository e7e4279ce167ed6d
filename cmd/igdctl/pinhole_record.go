package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"time"

	"github.com/igdkit/igdkit/client"
	"github.com/igdkit/igdkit/internal/statefile"
	"github.com/igdkit/igdkit/soap"
)

// maxPinholes bounds the record.
const maxPinholes = 512

// recorded is a pinhole that igdctl opened: gateways list none, and close one only by its number.
type recorded struct {
	UDN        string     `json:"udn"` // of the gateway
	ID         uint16     `json:"id"`
	Protocol   uint16     `json:"protocol"`
	Address    netip.Addr `json:"address"`
	Port       uint16     `json:"port"`
	RemoteHost netip.Addr `json:"remote_host,omitzero"`
	Ends       time.Time  `json:"ends"`
}

func (r recorded) pinhole() client.Pinhole {
	return client.Pinhole{ID: r.ID, RemoteHost: r.RemoteHost, InternalClient: r.Address, InternalPort: r.Port, Protocol: r.Protocol}
}

// same tells whether two rows are of one pinhole: the gateway may have given it another number.
func (r recorded) same(o recorded) bool {
	return r.Protocol == o.Protocol && r.Address == o.Address && r.Port == o.Port && r.RemoteHost == o.RemoteHost
}

// pinholeFile stands beside the journal of ports; there is none without that.
func (a *app) pinholeFile() (statefile.File, bool) {
	if a.journal == "" {
		return statefile.File{}, false
	}
	return statefile.File{Path: filepath.Join(filepath.Dir(a.journal), "pinholes.json"), Kind: "pinholes", Version: 1, Rows: maxPinholes}, true
}

// editPinholes changes the record, without what has ended. A record that cannot be written is warned of: the pinhole is open all the same.
func (a *app) editPinholes(edit func([]recorded) []recorded) {
	file, ok := a.pinholeFile()
	if !ok {
		return
	}
	err := statefile.Change(context.Background(), file, func(rows []recorded) ([]recorded, bool) {
		rows = slices.DeleteFunc(rows, func(r recorded) bool { return time.Now().After(r.Ends) })
		return edit(rows), true
	})
	if err != nil {
		a.warnOnce(fmt.Errorf("the record of pinholes: %w", err))
	}
}

// notePinholes writes down what was opened or renewed just now.
func (a *app) notePinholes(g *client.Gateway, all []client.Pinhole) {
	a.editPinholes(func(rows []recorded) []recorded {
		for _, p := range all {
			row := recorded{g.UDN(), p.ID, p.Protocol, p.InternalClient, p.InternalPort, p.RemoteHost, p.Expires.Round(time.Second)}
			rows = append(slices.DeleteFunc(rows, row.same), row)
		}
		return rows
	})
}

// forgetPinholes strikes what is closed.
func (a *app) forgetPinholes(all []client.Pinhole) {
	a.editPinholes(func(rows []recorded) []recorded {
		return slices.DeleteFunc(rows, func(r recorded) bool {
			return slices.ContainsFunc(all, func(p client.Pinhole) bool {
				return r.same(recorded{Protocol: p.Protocol, Address: p.InternalClient, Port: p.InternalPort, RemoteHost: p.RemoteHost})
			})
		})
	})
}

// pinholesOpen reads what should be open still.
func (a *app) pinholesOpen(ctx context.Context) ([]recorded, error) {
	const hint = "a pinhole ends by itself, within a day at most"
	file, ok := a.pinholeFile()
	if !ok {
		return nil, &localError{exitLocal, errNoJournal, hint}
	}
	rows, err := statefile.Read[recorded](ctx, file)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // who would say that there are none?
		return nil, &localError{exitLocal, fmt.Errorf("the record of pinholes: %w", err), hint}
	}
	return slices.DeleteFunc(rows, func(r recorded) bool { return time.Now().After(r.Ends) }), nil
}

// ended tells whether a gateway says that a pinhole is not there, or that its number is somebody else's by now.
func ended(err error) bool {
	e, ok := errors.AsType[*soap.Error](err)
	return ok && (e.Code == soap.PinholeNoSuchEntry || e.Code == soap.ActionNotAuthorized)
}

// closePinholes closes those that are wanted; nil: all. none says that there is none.
func (a *app) closePinholes(ctx context.Context, wanted func(client.Pinhole) bool, none string) error {
	rows, err := a.pinholesOpen(ctx)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r recorded) bool { return wanted != nil && !wanted(r.pinhole()) })
	doc := pinholesJSON{Pinholes: []pinholeJSON{}}
	if len(rows) == 0 {
		if wanted == nil { // there is nothing left to do
			if a.JSON {
				a.Document(doc)
			} else {
				a.Say("%s", none)
			}
			return nil
		}
		return &noPinholeError{none}
	}
	g, err := a.findFirewall(ctx)
	if err != nil {
		return err
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	var first error
	for _, r := range rows {
		p := r.pinhole()
		shape := pinholeShape(p, 0)
		var err error
		if r.UDN != g.UDN() { // whose number that is there, nobody knows
			err = &noPinholeError{fmt.Sprintf("it was opened on another router, where it ends by itself at %s", endText(r.Ends, time.Now()))}
		} else {
			err = g.DeletePinhole(limited, p)
		}
		switch {
		case err == nil || ended(err):
			a.forgetPinholes([]client.Pinhole{p})
			if !a.JSON {
				a.Print("%s is closed", pinholeName(p))
			}
		default:
			f := explain(err)
			shape.Error = f.json()
			if first == nil {
				first = &saidError{err}
			}
			if f.message = pinholeName(p) + ": " + f.message; !a.JSON && ctx.Err() == nil { // that is said once, of all
				a.fail(f)
			}
		}
		doc.Pinholes = append(doc.Pinholes, shape)
		if ctx.Err() != nil {
			break
		}
	}
	if broken := a.broken(ctx); broken != nil {
		first = &saidError{broken}
	}
	if a.JSON {
		if first != nil {
			doc.Error = explain(first).json()
		}
		a.Document(doc)
	}
	return first
}

// findFirewall finds the gateway whose IPv6 firewall is meant.
func (a *app) findFirewall(ctx context.Context) (*client.Gateway, error) {
	limited, cancel := a.limit(ctx)
	defer cancel()
	defer a.Waiting("searching for a gateway by IPv6…")()
	g, err := client.FindFirewall(limited, a.options())
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return g, a.nobody(err)
}

// listPinholes shows what was opened from here, and asks the gateway how much has come through. What it does not know any more is struck.
func (a *app) listPinholes(ctx context.Context) error {
	rows, err := a.pinholesOpen(ctx)
	if err != nil {
		return err
	}
	doc := pinholesJSON{Pinholes: []pinholeJSON{}}
	var g *client.Gateway
	if len(rows) > 0 {
		if g, err = a.findFirewall(ctx); err != nil {
			return err
		}
	}
	limited, cancel := a.limit(ctx)
	defer cancel()
	for _, r := range rows {
		p := r.pinhole()
		packets, err := g.PinholePackets(limited, p)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case r.UDN == g.UDN() && ended(err):
			a.forgetPinholes([]client.Pinhole{p})
			continue
		}
		shape := pinholeShape(p, time.Until(r.Ends))
		shape.Packets = known(packets, err == nil)
		if works, err := g.CheckPinholeWorking(limited, p); err == nil {
			shape.Working = &works
		}
		doc.Pinholes = append(doc.Pinholes, shape)
	}
	if a.JSON {
		a.Document(doc)
		return nil
	}
	if len(doc.Pinholes) == 0 {
		a.Say("no pinhole that igdctl opened is open")
		return nil
	}
	table := [][]string{{"ADDRESS", "FROM", "REMAINING", "PACKETS"}}
	for _, p := range doc.Pinholes {
		packets, from := "not told", "everybody"
		if p.Packets != nil {
			packets = fmt.Sprint(*p.Packets)
		}
		if p.RemoteHost != "" {
			from = p.RemoteHost
		}
		table = append(table, []string{netip.AddrPortFrom(p.Address, p.Port).String() + "/" + p.Protocol, from,
			span(time.Duration(p.LeaseSeconds) * time.Second), packets})
	}
	a.Table(table)
	return nil
}

// noPinholeError says that there is nothing to close.
type noPinholeError struct{ sentence string }

func (e *noPinholeError) Error() string { return e.sentence }
