package lab

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/igdkit/igdkit/internal/netns"
)

// power is the switch of a gateway: one that is off forwards nothing, and knows nothing of what it forwarded before.
type power struct {
	space *netns.Namespace
	six   bool // it forwards IPv6 too

	mu  sync.Mutex
	off bool
}

// everyFlow matches all flows that the kernel knows.
type everyFlow struct{}

func (everyFlow) MatchConntrackFlow(*netlink.ConntrackFlow) bool { return true }

// set is Place.Power.
func (p *power) set(on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off == !on {
		return nil
	}
	err := p.space.Do(func() error {
		c, err := nftables.New()
		if err != nil {
			return err
		}
		nothing := nftables.ChainPolicyDrop
		for family := range p.families() {
			t := &nftables.Table{Family: family, Name: "off"}
			if on {
				c.DelTable(t)
				continue
			}
			c.AddChain(&nftables.Chain{
				Name: "forward", Table: c.AddTable(t), Type: nftables.ChainTypeFilter, Hooknum: nftables.ChainHookForward,
				Priority: nftables.ChainPriorityFirst, Policy: &nothing,
			})
		}
		if err := c.Flush(); err != nil || on {
			return err
		}
		var errs []error
		for _, flows := range p.families() { // now that no more begin
			_, err := netlink.ConntrackDeleteFilters(netlink.ConntrackTable, flows, everyFlow{})
			errs = append(errs, err)
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return fmt.Errorf("lab: switch the gateway: %w", err)
	}
	p.off = !on
	return nil
}

// families are the tables of what is forwarded, and those of its flows.
func (p *power) families() map[nftables.TableFamily]netlink.InetFamily {
	all := map[nftables.TableFamily]netlink.InetFamily{nftables.TableFamilyIPv4: unix.AF_INET}
	if p.six {
		all[nftables.TableFamilyIPv6] = unix.AF_INET6
	}
	return all
}
