package lab

import (
	"errors"
	"fmt"
	"sync"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"

	"github.com/igdkit/igdkit/internal/netns"
)

// ruleset is a table of nftables in which rules have numbers: that of what they were made for. It is the conntrack mark of its flows, too.
type ruleset struct {
	space *netns.Namespace
	mu    sync.Mutex
	conn  *nftables.Conn
	table *nftables.Table
	last  uint32 // number that was given
}

// open makes the table in the namespace of s.
func (r *ruleset) open(s *site, family nftables.TableFamily, name string) error {
	r.space = s.space
	// The connection belongs to the namespace that it was opened in.
	if err := s.space.Do(func() (err error) { r.conn, err = nftables.New(nftables.AsLasting()); return err }); err != nil {
		return err
	}
	r.table = r.conn.AddTable(&nftables.Table{Family: family, Name: name})
	return nil
}

// rule adds one to c.
func (r *ruleset) rule(c *nftables.Chain, number uint32, exprs ...expr.Any) {
	r.conn.AddRule(&nftables.Rule{Table: r.table, Chain: c, Exprs: exprs, UserData: native(number)})
}

func numberIn(r *nftables.Rule) uint32 { return binaryutil.NativeEndian.Uint32(r.UserData) }

// remove takes the rules of a number out of chains, and then has end do the same with its flows.
func (r *ruleset) remove(number uint32, end func() error, chains ...*nftables.Chain) error {
	for _, c := range chains {
		rules, err := r.conn.GetRules(r.table, c)
		if err != nil {
			return fmt.Errorf("lab: rules of %s: %w", c.Name, err)
		}
		for _, rule := range rules {
			if numberIn(rule) == number {
				if err := r.conn.DelRule(rule); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(r.conn.Flush(), r.space.Do(end))
}

// counted tells of each counter in c, and what its rule compares last.
func (r *ruleset) counted(c *nftables.Chain, tell func(number uint32, last []byte, is *expr.Counter)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rules, err := r.conn.GetRules(r.table, c)
	if err != nil {
		return fmt.Errorf("lab: count: %w", err)
	}
	for _, rule := range rules {
		var last []byte
		for _, e := range rule.Exprs {
			switch e := e.(type) {
			case *expr.Cmp:
				last = e.Data
			case *expr.Counter:
				tell(numberIn(rule), last, e)
			}
		}
	}
	return nil
}
