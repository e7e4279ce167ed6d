package client

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/huin/goupnp"
	goupnpsoap "github.com/huin/goupnp/soap"

	"github.com/igdkit/igdkit/soap"
)

// actionTimeout bounds one action within its context, from its turn on. UDA 1.1 §3.2.1 allows a device 30 s; real ones
// answer within seconds or never.
const actionTimeout = 10 * time.Second

// Gateway is an Internet gateway device and the one connection service of it that is asked. Its fields do not change after
// it was found. Its methods may be called from several goroutines; requests leave one after another, because some routers
// lose parallel ones. An action is given up after 10 s, or with its context.
type Gateway struct {
	// Location is the URL its description was read from.
	Location string
	// Responder is the address that answered the search; the address that served the description when nothing was searched.
	Responder netip.Addr
	// Local is our address towards the gateway. Every request leaves from it.
	Local netip.Addr
	// Interface is the name of the interface the gateway was found on, "" when its URL was given.
	Interface string
	// DefaultRoute is true when the gateway is a next hop of this machine's default route.
	DefaultRoute bool
	// Server is the SERVER header of its reply or, without one, of its description. Opaque, may be empty.
	Server string
	// Root is the description, its text trimmed and its URLs resolved.
	Root *goupnp.RootDevice
	// Services are the connection services of the description, the preferred first: those that are connected and have a
	// public address, then connected ones, then by type.
	Services []Service
	// Service is the one that the methods ask, Services[0].
	Service Service
	// Connected, Uptime and External are what Service said when the gateway was found. External is the zero Addr when it
	// has or tells none.
	Connected   bool
	Uptime      time.Duration
	UptimeKnown bool // false when Service sent none that can be read
	External    netip.Addr
	// ProbeError is why Service did not say so; nil when it did.
	ProbeError error

	unaddressed error // why it did not tell External, when it was asked; nil: it did

	options  Options   // what it was found with, defaults filled in
	probed   time.Time // when External was read
	asked    bool      // named by the user, so no better one is waited for
	build    string    // what it says of its software
	unnamed  bool      // it did not answer a search, so Server is not that of its answer
	recalled bool      // it was chosen before, and may be again without a search
	reborn   bool      // it was found because it has restarted
	boot     *uint32   // BOOTID of the reply or announcement that it was found by, nil: that had none
	network  string    // where it was chosen, "": it was not
	noted    *remembered
	dialogue dialogue // of the holder of turn
	turn     mutex    // held while a request is under way
	plans    mutex    // held while a whole plan runs, from its first look to its read-back
	seeking  mutex    // held while the gateway beyond is looked for, and over next
	next     *Gateway // the one that this one stands behind; nil before it was found
	depth    int      // how many gateways are before it in a chain; 0: it is that of our network

	mu     sync.Mutex
	quirks map[string]bool
	read   *readings // nil before the first plan
	client *Client   // of what is opened by Map; nil: nothing yet
}

// UDN is the unique device name of the gateway's root device, "" when the description has none. Some models share one.
func (g *Gateway) UDN() string { return g.Root.Device.UDN }

// Name is the friendly name of the gateway, or its model, or its host.
func (g *Gateway) Name() string {
	for _, s := range []string{g.Root.Device.FriendlyName, g.Root.Device.ModelName} {
		if s != "" {
			return s
		}
	}
	if u, err := url.Parse(g.Location); err == nil {
		return u.Hostname()
	}
	return g.Location
}

// Verdict judges the external address that the gateway had when it was found.
func (g *Gateway) Verdict() AddressVerdict { return Judge(g.External) }

// Quirks are the ids of everything that was forgiven this gateway so far, sorted.
func (g *Gateway) Quirks() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	ids := make([]string, 0, len(g.quirks))
	for id := range g.quirks {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func (g *Gateway) forgive(ids ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.quirks == nil {
		g.quirks = make(map[string]bool)
	}
	for _, id := range ids {
		g.quirks[id] = true
	}
}

// call is one action of one service.
type call struct {
	service string // its type
	control string // and its URL
	action  string
	from    netip.Addr // one of our addresses that it is sent from; the zero Addr: Local
}

// perform runs one action of the chosen service. in and out are pointers to structs of strings named as the arguments.
func (g *Gateway) perform(ctx context.Context, action string, in, out any) (*soap.Recording, error) {
	return g.run(ctx, call{service: g.Service.Type, control: g.Service.ControlURL, action: action}, in, out)
}

// run is perform for any service.
func (g *Gateway) run(ctx context.Context, c call, in, out any) (*soap.Recording, error) {
	endpoint, err := url.Parse(c.control)
	if err != nil {
		return nil, err
	}
	if err := g.turn.lock(ctx); err != nil {
		return nil, err
	}
	defer g.turn.unlock()
	if usual := g.dialogue.local; c.from.IsValid() {
		g.dialogue.local = c.from
		defer func() { g.dialogue.local = usual }()
	}
	rec := new(soap.Recording)
	quirks, err := g.dialogue.talk(ctx, c.action != "AddAnyPortMapping", func(t http.RoundTripper) error {
		ctx, r := soap.Record(ctx)
		rec = r
		over := goupnpsoap.SOAPClient{EndpointURL: *endpoint, HTTPClient: http.Client{
			Transport:     t,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}}
		return rec.Err(over.PerformActionCtx(ctx, c.service, c.action, in, out))
	})
	g.forgive(slices.Concat(quirks, rec.Quirks())...)
	g.remember(ctx)
	return rec, err
}
