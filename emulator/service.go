package emulator

import (
	"embed"
	"encoding/xml"
	"fmt"
	"net/netip"
	"strconv"
	"sync"

	"github.com/huin/goupnp/scpd"
)

// The kinds of service.
const (
	ipConnection     = "WANIPConnection"
	pppConnection    = "WANPPPConnection"
	commonInterface  = "WANCommonInterfaceConfig"
	layer3Forwarding = "Layer3Forwarding"
	firewallControl  = "WANIPv6FirewallControl"
)

// definition is what all services of a type share: its SCPD and the functions behind it. It is never changed.
type definition struct {
	kind    string
	version int
	id      string // serviceId
	lists   scpdLists
	actions map[string]*action
	events  []variable // evented variables in the order of the SCPD
}

// file is what the SCPD is called: "WANIPConnection2".
func (d *definition) file() string { return d.kind + strconv.Itoa(d.version) }

// action is one action of a service: its arguments as the SCPD has them, and what it does.
type action struct {
	name string
	in   []input

	inputs, outputs []string // names of the arguments; never changed
	behaviour
}

// behaviour is what an SCPD does not say of an action.
type behaviour struct {
	// do answers the values of the out-arguments in the order of the SCPD, or a refusal.
	do func(*state, call) ([]string, error)
	// judged are arguments whose range policy judges.
	judged []string
}

// call is one invocation: who asks, whom, and for what. The arguments have passed the SCPD.
type call struct {
	caller     netip.Addr
	peer       netip.AddrPort // the caller's end of the connection
	service    *service
	connection *connection // which the service stands for; that of another kind of service is the first
	args       arguments
}

// variable is an evented state variable. The first event of a subscription carries all of a service's (UDA 1.1 §4.3).
type variable struct {
	name  string
	value func(*state, *connection) string
}

// blueprint is what code adds to an SCPD to make a definition.
type blueprint struct {
	kind      string
	version   int
	id        string
	actions   map[string]behaviour
	variables map[string]func(*state, *connection) string
}

func blueprints() []blueprint {
	return []blueprint{
		{ipConnection, 1, "urn:upnp-org:serviceId:WANIPConn1", connectionActions(1), connectionVariables()},
		{ipConnection, 2, "urn:upnp-org:serviceId:WANIPConn1", connectionActions(2), connectionVariables()},
		{pppConnection, 1, "urn:upnp-org:serviceId:WANPPPConn1", pppActions(), connectionVariables()},
		{commonInterface, 1, "urn:upnp-org:serviceId:WANCommonIFC1", commonInterfaceActions(), commonInterfaceVariables()},
		{layer3Forwarding, 1, "urn:upnp-org:serviceId:L3Forwarding1", layer3Actions(), layer3Variables()},
		{firewallControl, 1, "urn:upnp-org:serviceId:WANIPv6Firewall1", firewallActions(), firewallVariables()},
	}
}

//go:embed scpd/*.xml
var scpdFiles embed.FS

// serviceKind is a service type without its domain.
type serviceKind struct {
	kind    string
	version int
}

// definitions are all services we have, each read when it is first needed: a command that plays one gateway has no time for all, and
// ten thousand gateways have none for more than one reading.
var definitions = sync.OnceValue(func() map[serviceKind]func() *definition {
	all := map[serviceKind]func() *definition{}
	for _, b := range blueprints() {
		all[serviceKind{b.kind, b.version}] = sync.OnceValue(func() *definition {
			d, err := b.define()
			if err != nil {
				panic(err) // an embedded file and code disagree
			}
			return d
		})
	}
	return all
})

// defined is the service of a kind; nil when we do not have it.
func defined(kind string, version int) *definition {
	if d := definitions()[serviceKind{kind, version}]; d != nil {
		return d()
	}
	return nil
}

func (b blueprint) define() (*definition, error) {
	d := &definition{kind: b.kind, version: b.version, id: b.id, actions: map[string]*action{}}
	file, err := scpdFiles.ReadFile("scpd/" + d.file() + ".xml")
	if err != nil {
		return nil, fmt.Errorf("emulator: %w", err)
	}
	var doc scpd.SCPD
	if err := xml.Unmarshal(file, &doc); err != nil {
		return nil, fmt.Errorf("emulator: SCPD of %s: %w", d.file(), err)
	}
	d.lists = listsOf(string(file))
	for i := range doc.Actions {
		a := &doc.Actions[i]
		does, ok := b.actions[a.Name]
		if !ok {
			return nil, fmt.Errorf("emulator: nothing does %s of %s", a.Name, d.file())
		}
		if d.actions[a.Name], err = newAction(&doc, a, does); err != nil {
			return nil, fmt.Errorf("emulator: %s of %s: %w", a.Name, d.file(), err)
		}
	}
	for _, v := range doc.StateVariables {
		if v.SendEvents != "yes" {
			continue
		}
		value, ok := b.variables[v.Name]
		if !ok {
			return nil, fmt.Errorf("emulator: nothing gives the variable %s of %s", v.Name, d.file())
		}
		d.events = append(d.events, variable{v.Name, value})
	}
	return d, nil
}
