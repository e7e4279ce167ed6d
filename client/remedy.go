package client

import (
	"errors"
	"time"

	"github.com/igdkit/igdkit/soap"
)

// remedy is what the planner does about a refused or failed add.
type remedy string

const (
	giveUp    remedy = "refused"
	permanent remedy = "asked again without an end"
	week      remedy = "asked again for a week"
	hour      remedy = "asked again for an hour"
	ranged    remedy = "asked again as its SCPD allows"
	plain     remedy = "asked again by AddPortMapping"
	equal     remedy = "asked again on the port of the program"
	elsewhere remedy = "not on this port"
)

// maxWeek is the longest lease of WANIPConnection:2 (§2.3.17).
const maxWeek = 604800 * time.Second

// attempt is one add that failed, as far as it decides the remedy.
type attempt struct {
	code  int           // UPnP error code; 0 when the gateway gave none: reset, silence, HTTP error
	any   bool          // it was AddAnyPortMapping
	lease time.Duration // asked for, 0 permanent
	tried leases        // what was asked for before, and refused
	fixed bool          // the gateway has accepted a lease before
	low   bool          // the external port is below 1024
	even  bool          // the external port is the internal one
	moves bool          // another external port is fine
}

// leases are those that one add was tried with.
type leases struct {
	endless, finite bool
	hour            bool
	ranged          bool // the SCPD was asked, and what it allows
}

// rule is one row of the remedies.
type rule struct {
	code int
	when func(attempt) bool
	do   remedy
}

// remedies lists what helps; the first that fits is taken. Each makes the next attempt
// different in a way that cannot come back, so the list needs no counter.
func remedies() []rule {
	always := func(attempt) bool { return true }
	leased := func(a attempt) bool { return a.lease > 0 && !a.tried.endless }
	byAny := func(a attempt) bool { return a.any }
	rules := []rule{
		{soap.OnlyPermanentLeasesSupported, leased, permanent}, // MikroTik, Netgear, ZyXEL and many more
		{soap.NoPortMapsAvailable, always, giveUp},             // neither action finds room
		// Version 1 gateways, and version 2 ones that announce an action they lack, refuse
		// AddAnyPortMapping with 401, an HTTP error or a reset (Ubee). Whatever the reason is said to be, AddPortMapping may be better.
		{everyCode, byAny, plain},
		{soap.SamePortValuesRequired, func(a attempt) bool { return a.moves && !a.even }, equal},

		{soap.ConflictInMappingEntry, always, elsewhere},
		{soap.ConflictWithOtherMechanisms, always, elsewhere},
		// Some say 501 for everything, a lease that they cannot give among it, or one without an end.
		{soap.ActionFailed, func(a attempt) bool { return leased(a) && !a.fixed }, permanent},
		{soap.ActionFailed, func(a attempt) bool { return a.lease == 0 && !a.tried.finite }, week},
		{soap.ActionFailed, always, elsewhere},                                       // Linksys says 501 for a conflict
		{soap.ActionNotAuthorized, func(a attempt) bool { return a.low }, elsewhere}, // miniupnpd allows 1024 and up
	}
	// These may be about the lease: 402 on ARRIS NVG578LX, 600 on FRITZ!Box 7590, OS 8.03, by TR-064. Others refuse one without an end so, or by 725.
	for _, code := range []int{soap.InvalidArgs, soap.ArgumentValueInvalid, soap.ArgumentValueOutOfRange, noCode, soap.OnlyPermanentLeasesSupported} {
		rules = append(rules,
			rule{code, func(a attempt) bool { return a.lease > maxWeek }, week},
			rule{code, func(a attempt) bool { return a.lease > 0 && !a.tried.ranged }, ranged},
			rule{code, leased, permanent},
			rule{code, func(a attempt) bool { return a.lease == 0 && !a.tried.finite }, week},
			rule{code, func(a attempt) bool { return !a.tried.hour && a.lease != time.Hour }, hour})
	}
	return rules
}

func remedyFor(a attempt) remedy {
	for _, r := range remedies() {
		if (r.code == a.code || r.code == everyCode) && r.when(a) {
			return r.do
		}
	}
	return giveUp
}

const (
	noCode    = -1 // of a refusal that has none
	everyCode = -2 // of a rule that goes for all
)

// faultCode is the UPnP error code in err, 0 when the gateway did not refuse at all, and noCode when it refused
// without a code that can be read.
func faultCode(err error) int {
	e, ok := errors.AsType[*soap.Error](err)
	switch {
	case !ok:
		return 0
	case e.Code == 0:
		return noCode
	}
	return e.Code
}
