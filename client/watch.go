package client

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/huin/goupnp"
)

const (
	// watchInterval is how often the network and the clocks are looked at.
	watchInterval = 5 * time.Second
	// sleptFor is how far the wall clock may run ahead of the monotonic one, which stands still while a laptop sleeps.
	sleptFor = 30 * time.Second
	// lookDistance is the time between two looks that announcements call for, which come in sets of ten and more, or events, and calmDistance what it grows
	// to while they do not end, as the time between restarts that are believed does: there are gateways whose variables never rest, and anybody can send in
	// a gateway's name.
	lookDistance = 10 * time.Second
	calmDistance = 5 * time.Minute
	// setLength is how long a set takes: UDA 1.1 §1.2.2 has devices send it two or three times, some hundred milliseconds apart.
	setLength = 2 * time.Second
	// metDistance is the time between two descriptions that announcements let us read, and between two looks whether the gateway is where it was:
	// anybody can forge them.
	metDistance = 500 * time.Millisecond
	// followLatest is how long a subscription waits for those who keep something on a gateway that was found: what is not open goes first, and a
	// gateway that hangs at SUBSCRIBE would hold them up for subscribeTimeout.
	followLatest = 3 * time.Second
)

// watch is the goroutine of a Client: it tells the keepers what they cannot see from their timers.
type watch struct {
	client *Client
	done   chan struct{}
	o      Options

	before   moment
	network  string
	boots    map[string]uint32 // BOOTID by UDN
	left     map[string]bool   // UDNs that said byebye
	places   []string          // LOCATIONs that were heard of, without their hosts
	sought   pace              // of questions whether the gateway is where it was
	met      pace              // of descriptions that are read
	restarts pace              // of those that are believed
	errands  int               // that are under way
	visits   []string          // of them, the descriptions that are read because they were announced
	back     chan func()       // what to do when one is

	based    *Gateway          // that was asked for its BOOTID
	overdue  *time.Timer       // until a gateway that was met is subscribed to, whoever has not had his turn
	followed *Gateway          // whose events are subscribed to, nil: nobody's
	unfollow func()            // ends that; nil: there is nothing to end
	ending   sync.WaitGroup    // subscriptions that end, and errands
	news     chan news         // what events tell
	values   map[string]string // the evented variables as they were told last

	called        nextLook    // the look that is to come
	soon          *time.Timer // until then
	events        pace        // of the looks that they call for
	announcements pace        // as well
}

// nextLook is a look that was called for.
type nextLook struct {
	pace  *pace // nil: there is none
	at    time.Time
	cause error
}

// pendingNews is how many events wait to be judged. More are dropped: by then a look is called for.
const pendingNews = 16

// newWatch begins with the network as it is: what changes from here on is told.
func newWatch(c *Client) *watch {
	o := c.options.defaults()
	soon, overdue := time.NewTimer(lookDistance), time.NewTimer(followLatest)
	soon.Stop()
	overdue.Stop()
	return &watch{
		soon: soon, overdue: overdue,
		client: c, done: c.done, o: o, before: c.clocks(), network: fingerprint(o), boots: map[string]uint32{}, left: map[string]bool{},
		news: make(chan news, pendingNews), back: make(chan func()),
		sought: pace{first: metDistance, longest: metDistance}, met: pace{first: metDistance, longest: metDistance},
		restarts: pace{first: metDistance, longest: calmDistance},
		events:   pace{first: lookDistance, longest: calmDistance}, announcements: pace{first: lookDistance, longest: calmDistance},
	}
}

func (w *watch) run(ctx context.Context) {
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	ear := w.listen(ctx)
	defer func() { ear.close() }()
	defer w.soon.Stop()
	defer w.overdue.Stop()
	defer w.unfollowAll()
	w.baseline(ctx)
	w.follow(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case a := <-ear.heard:
			w.hear(ctx, a)
		case <-w.client.met:
			w.baseline(ctx)
			w.overdue.Reset(followLatest)
		case <-w.client.served:
			w.follow(ctx)
		case <-w.overdue.C:
			w.follow(ctx)
		case then := <-w.back:
			then()
		case n := <-w.news:
			w.learn(n)
		case <-w.soon.C:
			w.tellSoon()
		case <-ticker.C:
			if why := w.look(); why != nil {
				ear.close()
				ear = w.listen(ctx)
				w.client.tell(sign{search: true, cause: why})
			}
		}
	}
}

// look tells what has changed since the last look.
func (w *watch) look() error {
	before, at := w.before, w.client.clocks()
	w.before = at
	network := fingerprint(w.o)
	changed := network != w.network
	w.network = network
	switch slept := at.slept(before); {
	case changed:
		return errNetworkChanged
	case slept > sleptFor:
		return fmt.Errorf("%w for %v", errSlept, slept.Round(time.Second))
	}
	return nil
}

var (
	errNetworkChanged = errors.New("the network of this computer has changed")
	errSlept          = errors.New("this computer slept")
	errRebooted       = errors.New("the gateway has restarted")
)

// moment is one reading of both clocks.
type moment struct {
	wall      time.Time // without a monotonic reading
	monotonic time.Time
}

func now() moment {
	t := time.Now()
	return moment{t.Round(0), t}
}

// slept is how much more time has passed on the wall clock than on the monotonic one.
func (m moment) slept(before moment) time.Duration {
	return m.wall.Sub(before.wall) - m.monotonic.Sub(before.monotonic)
}

// fingerprint is what a mapping needs of the network: our addresses and the next hops.
func fingerprint(o Options) string {
	all, _ := links(o)
	return fingerprintOf(all)
}

func fingerprintOf(all []link) string {
	var lines []string
	for _, l := range all {
		if !l.addr().IsLoopback() {
			lines = append(lines, fmt.Sprint(l.ifi.Name, l.prefix, l.gateways))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// hear judges an announcement. Only what comes from the gateway's address, or bears its name, is about it; while there is none, every gateway is
// welcome.
func (w *watch) hear(ctx context.Context, a announcement) {
	w.client.mu.Lock()
	g := w.client.gateway
	w.client.mu.Unlock()
	udn := a.udn()
	own := g != nil && slices.Contains(g.udns(), udn)
	switch {
	case g == nil:
		// A search has failed, or is under way: some gateways answer none (D-Link DSL-2730E).
		if a.alive && claimsGateway(a.nt) && w.met.may() {
			w.revisit(ctx, nil, a)
		}
		return
	case !own && (a.from.Addr() != g.Responder || !claimsGateway(a.nt)):
		return // another host, or another device on the same
	case !a.alive:
		if own {
			w.left[udn] = true
		}
		return
	}
	elsewhere := w.elsewhere(a.location, g) // noted before it is visited: the rest of the set names it again
	boot, known := w.boots[udn]
	if !known && g.boot != nil {
		boot, known = *g.boot, true // it announces itself twice an hour, and has not yet
	}
	rebooted := w.left[udn] || known && a.boot != nil && *a.boot != boot
	delete(w.left, udn)
	if a.boot != nil && own && (known || len(w.boots) < maxDevices) {
		w.boots[udn] = *a.boot
	}
	switch {
	case rebooted && w.restarts.left() == 0 && w.met.may():
		w.restarts.step()
		w.revisit(ctx, g, a)
	case rebooted && time.Since(w.restarts.last) < setLength: // of the same set, as a rule
	case rebooted:
		w.announced() // whoever can send with its address would have everything opened anew each time; a look costs little
	case elsewhere && w.sought.may():
		w.seek(ctx, g, a)
	case w.errands > 0: // which call for one, too
	default:
		w.announced()
	}
}

// announced calls for a look, unless this is of the set that called for the last one.
func (w *watch) announced() {
	if last := w.announcements.last; last.IsZero() || time.Since(last) > setLength {
		w.lookSoon(&w.announcements, errAnnounced)
	}
}

var errAnnounced = errors.New("the gateway has announced itself")

// lookSoon calls for a look by all keepers, as soon as p allows one. It is for all who have called for one until then.
func (w *watch) lookSoon(p *pace, cause error) {
	left := p.left()
	if at := time.Now().Add(left); w.called.pace == nil || at.Before(w.called.at) {
		w.called = nextLook{p, at, cause}
		w.soon.Reset(left)
	}
}

// tellSoon tells the keepers to look, when it is time.
func (w *watch) tellSoon() {
	w.called.pace.step()
	w.client.tell(sign{cause: w.called.cause})
	w.called = nextLook{}
}

// udns are the names of all devices in the description of g.
func (g *Gateway) udns() (all []string) {
	g.Root.Device.VisitDevices(func(d *goupnp.Device) { all = append(all, d.UDN) })
	return all
}

// elsewhere tells whether an announcement names a place where g was not found and that was not heard of before. It need not have moved: a
// FRITZ!Box announces two descriptions under one name.
func (w *watch) elsewhere(text string, g *Gateway) bool {
	u, err := url.Parse(strings.TrimSpace(text))
	known, knownErr := url.Parse(g.Location)
	if err != nil || knownErr != nil || u.Port() == known.Port() && u.RequestURI() == known.RequestURI() {
		return false
	}
	place := u.Port() + u.RequestURI()
	if slices.Contains(w.places, place) {
		return false
	}
	w.places = append(w.places[max(0, len(w.places)-maxDevices):], place)
	return true
}

// near tells whether an address is on one of the links.
func near(all []link, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(l link) bool { return l.near(a) })
}
