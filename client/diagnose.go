package client

import (
	"context"
	"iter"
	"net/netip"
	"strings"
	"time"
)

// CheckID names one check of a diagnosis. The values are the ids of `igdctl doctor`.
type CheckID string

// The checks, in their order. Those that need a gateway are left out when there is none.
const (
	CheckNetwork     CheckID = "network"     // interfaces and default route: *NetworkEvidence
	CheckMulticast   CheckID = "multicast"   // search by multicast: *SearchEvidence
	CheckUnicast     CheckID = "unicast"     // search by unicast: *SearchEvidence
	CheckFirewall    CheckID = "firewall"    // of this machine: *FirewallEvidence
	CheckDescription CheckID = "description" // *DescriptionEvidence
	CheckListener    CheckID = "listener"    // who waits at Diagnosis.Port: *ListenerEvidence
	CheckConnection  CheckID = "connection"  // state of every connection service: *ConnectionEvidence
	CheckAddress     CheckID = "address"     // what the external address is worth: *AddressEvidence
	CheckBeyond      CheckID = "beyond"      // the gateway that ours stands behind, if its address is of such a one: *BeyondEvidence
	CheckLeftovers   CheckID = "leftovers"   // entries of ours that serve nobody: *LeftoversEvidence
	CheckMapping     CheckID = "mapping"     // a trial mapping: *MappingEvidence
	CheckLease       CheckID = "lease"       // what was granted for it: *LeaseEvidence
	CheckHairpin     CheckID = "hairpin"     // whether it is reached from here: *HairpinEvidence
	CheckRemoval     CheckID = "removal"     // whether it went when it was deleted: *RemovalEvidence
	CheckPort        CheckID = "port"        // who has Diagnosis.Port on the gateway, and whether it can be had: *PortEvidence
)

// Outcome is what a check came to.
type Outcome string

// The outcomes.
const (
	Sound    Outcome = "sound"
	Doubtful Outcome = "doubtful" // it works, and will disappoint somebody
	Faulty   Outcome = "faulty"
	Untold   Outcome = "unknown" // it could not be told
	Skipped  Outcome = "skipped" // it was not wanted, or cannot be done here
)

// Problem names what is wrong, or why a check was skipped, in a word that programs can compare.
type Problem string

// The problems, with the checks they belong to. [CheckAddress] has the words of [AddressVerdict].
const (
	NoProblem Problem = ""

	ProblemNoInterface    Problem = "no interface"     // network: none is up but loopback
	ProblemNoAddress      Problem = "no address"       // network: none has an IPv4 address
	ProblemNoDefaultRoute Problem = "no default route" // network: no next hop is known
	ProblemVPNRoute       Problem = "vpn route"        // network: the default route leads into a VPN
	ProblemInContainer    Problem = "in container"     // network: a container has a network of its own
	ProblemInWSL          Problem = "in wsl"           // network: WSL 2 has a network of its own, behind Windows

	ProblemKeptIn          Problem = "kept in"           // multicast, unicast: this machine did not let the search out; firewall: it is what does
	ProblemNotSearched     Problem = "not searched"      // multicast, unicast: the gateway was named, or there is nobody to ask
	ProblemNoAnswer        Problem = "no answer"         // multicast, unicast: nobody at all
	ProblemUnusableAnswer  Problem = "unusable answer"   // multicast, unicast: somebody answered, and nobody in a way that can be used
	ProblemNoGatewayAnswer Problem = "no gateway answer" // multicast, unicast: devices answered, no gateway among them
	ProblemOnlyUnicast     Problem = "only unicast"      // multicast: the gateway answers, but not there
	ProblemUnicastSilent   Problem = "unicast silent"    // unicast: the gateway answers to multicast only, which many do

	ProblemFirewallDrops    Problem = "firewall drops"    // firewall: it keeps out what comes to the port; hairpin: the trial was kept out by it
	ProblemAnswersSwallowed Problem = "answers swallowed" // firewall: it loses the answers to multicast, or may be what does
	ProblemFirewallActive   Problem = "firewall active"   // firewall: it may keep the inside of open ports closed
	ProblemFirewallHidden   Problem = "firewall hidden"   // firewall: this system does not tell, or not without privilege, or its rules are not understood

	ProblemNobodyListens Problem = "nobody listens" // listener
	ProblemOnlyLoopback  Problem = "only loopback"  // listener: nobody outside this machine reaches it
	ProblemOtherAddress  Problem = "other address"  // listener: not on the address that the gateway forwards to

	ProblemNotFound   Problem = "not found"  // description: Err says why
	ProblemDown       Problem = "down"       // connection: it is not connected
	ProblemSaysDown   Problem = "says down"  // connection: it says so, and has a public address
	ProblemUnanswered Problem = "unanswered" // connection: no service answers; Err says why

	ProblemNoneBeyond Problem = "none beyond" // beyond: no gateway answers there; Err says where it was looked for
	ProblemBehindToo  Problem = "behind too"  // beyond: the address of that one is not public either

	ProblemPortOwned   Problem = "port owned"   // port: it leads elsewhere, to another port of this machine perhaps
	ProblemPortHidden  Problem = "port hidden"  // port, leftovers: the gateway does not show its table
	ProblemPortRefused Problem = "port refused" // port: the gateway opens others; Err says why

	ProblemHasLeftovers Problem = "leftovers" // leftovers

	ProblemNotOpened  Problem = "not opened"  // mapping: Err says why; port: it is free, and was not tried after that
	ProblemUnverified Problem = "unverified"  // mapping: accepted, and not shown in the table
	ProblemReadOnly   Problem = "read only"   // mapping and what follows it: nothing was to be changed
	ProblemForEver    Problem = "for ever"    // lease: permanent, though an end was asked for
	ProblemShortened  Problem = "shortened"   // lease: shorter than asked for
	ProblemNotTold    Problem = "not told"    // lease
	ProblemNoHairpin  Problem = "no hairpin"  // hairpin
	ProblemNoWay      Problem = "no way"      // hairpin, beyond: it cannot be tried from here
	ProblemNotRemoved Problem = "not removed" // removal, port: Err says why, or the entry is still listed
)

// A Check is one step of a diagnosis that is done.
type Check struct {
	ID       CheckID
	Outcome  Outcome
	Problem  Problem  // NoProblem when it is sound
	Evidence Evidence // of the type that belongs to ID; never nil
	Err      error    // the cause, nil when there is none
	Took     time.Duration
}

// Evidence is what a check saw: one of the …Evidence types of this package.
type Evidence interface{ evidence() }

// Diagnosis says what [Diagnose] is to look into. The zero value looks at everything that needs no port, and changes the
// gateway for a moment.
type Diagnosis struct {
	// Port is the port that somebody wants open, on both sides of the gateway. 0: none, and CheckListener and CheckPort are left
	// out.
	Port uint16
	// Protocol is "tcp" or "udp", of Port and of the trial mapping. "": tcp.
	Protocol string
	// ReadOnly leaves out the trial mapping: nothing on the gateway is changed.
	ReadOnly bool
	// Machine is what is known of this machine beside its network; [ThisMachine] finds it out. nil: CheckFirewall tells from the
	// answers alone. Its Filter is asked when there is one.
	Machine *Machine
	// Listens tells on which addresses programs of this machine wait at a port; protocol is "TCP" or "UDP". nil, or an error: it
	// cannot be told.
	Listens func(ctx context.Context, protocol string, port uint16) ([]netip.Addr, error)
	// Begins is called when a check begins that may take a while, so that progress can be shown. nil: nobody is told.
	Begins func(CheckID)
}

// Diagnose looks step by step into why ports do not open, and streams each check as it is done. The STUN server of the options is asked
// if there is one; their cache is not used. Without ReadOnly it opens a
// random high port for a moment and removes it again, also when the reader breaks off or ctx ends; then the port of want, if it is free.
//
// Nothing in a diagnosis ends it but the end of ctx. Where no gateway is found, only what needs none is checked.
func Diagnose(ctx context.Context, o Options, want Diagnosis) iter.Seq[Check] {
	return func(yield func(Check) bool) {
		o = o.share()
		d := &diagnosis{o: o.defaults(), found: o, want: want, yield: yield}
		d.want.Protocol = "TCP"
		if strings.EqualFold(want.Protocol, "udp") {
			d.want.Protocol = "UDP"
		}
		d.run(ctx)
	}
}

// diagnosis is one run of Diagnose.
type diagnosis struct {
	o       Options // with defaults
	found   Options // as given, for Find
	want    Diagnosis
	yield   func(Check) bool
	stopped bool // the reader broke off

	links    []link
	gateway  *Gateway
	external netip.Addr // of it, once it was asked
	up       bool       // it says that it is connected
	opens    bool       // it has opened the trial port
	unsure   bool       // CheckFirewall could not tell what this machine lets in
}

func (d *diagnosis) run(ctx context.Context) {
	here := []func(context.Context){d.network, d.search, d.description, d.listener}
	there := []func(context.Context){d.connection, d.address, d.beyond, d.leftovers, d.trial, d.port}
	for i, step := range append(here, there...) {
		if d.stopped || ctx.Err() != nil || i >= len(here) && d.gateway == nil {
			return
		}
		step(ctx)
	}
}

// begin says that a check begins, and gives the time.
func (d *diagnosis) begin(id CheckID) time.Time {
	if d.want.Begins != nil {
		d.want.Begins(id)
	}
	return time.Now()
}

// tell hands one check to the reader. What the end of ctx broke off is no finding.
func (d *diagnosis) tell(ctx context.Context, c Check, began time.Time) {
	if d.stopped || ctx.Err() != nil {
		return
	}
	c.Took = time.Since(began)
	d.stopped = !d.yield(c)
}
