package client

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/igdkit/igdkit/internal/statefile"
)

// A presence is a file beside the journal that a process holds a lock on while it keeps ports. The lock ends with the process however that ends, which
// a process number would not tell: it is soon another process's, and means nothing in another container that shares the home.
type presence struct {
	name   string
	unlock func()
	path   string
}

// alive ends the names of the files of presences.
const alive = ".alive"

func (o Options) presencePath(name string) string { return o.Journal + "." + name + alive }

// appear makes a presence, and removes those of processes that have gone. The journal's lock is held meanwhile, so that nobody takes a file that is not
// locked yet for one of those. nil: it cannot be made, which was told.
func (o Options) appear(ctx context.Context) *presence {
	if o.Journal == "" {
		return nil
	}
	p := &presence{name: newName()}
	p.path = o.presencePath(p.name)
	var failed error
	err := o.ports.Hold(ctx, func() {
		p.unlock, failed = statefile.TryLock(p.path)
		all, _ := filepath.Glob(globbed(o.Journal) + ".*" + alive)
		for _, path := range all {
			if path != p.path {
				o.present(strings.TrimSuffix(strings.TrimPrefix(path, o.Journal+"."), alive))
			}
		}
	})
	o.warnJournal(err)
	o.warnJournal(failed)
	if p.unlock == nil {
		return nil
	}
	return p
}

// newName is one that no other process has, nor this one twice.
func newName() string { return fmt.Sprintf("%d-%08x", os.Getpid(), rand.Uint32()) }

// pidOf is the number of the process of that name, as it was there.
func pidOf(name string) int {
	pid, _, _ := strings.Cut(name, "-")
	n, _ := strconv.Atoi(pid)
	return n
}

// globbed is a path as a pattern that matches it only.
func globbed(path string) string {
	if os.PathSeparator == '\\' {
		return path // has no escape; a bracket in it matches nothing, and old files stay
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// end ends the presence.
func (p *presence) end() {
	if p != nil {
		p.unlock()
		os.Remove(p.path)
	}
}

// present tells whether the process of that presence lives. The journal's lock is held: a look takes the lock of a presence for a moment, so two looks
// at once would see each other.
func (o Options) present(name string) bool {
	if name == "" || strings.ContainsAny(name, `/\`) {
		return false
	}
	path := o.presencePath(name)
	if _, err := os.Stat(path); err != nil {
		return false
	}
	unlock, err := statefile.TryLock(path)
	if err != nil {
		return true // locked, or nobody knows
	}
	unlock()
	os.Remove(path)
	return false
}

// living tells of names which ones are those of processes that live, for who does not hold the journal's lock. After an error nobody knows; then it is all of
// them, as what somebody keeps is not to be touched.
func (o Options) living(ctx context.Context, names []string) (map[string]bool, error) {
	lives := make(map[string]bool, len(names))
	for _, name := range names {
		lives[name] = name != ""
	}
	if !slices.ContainsFunc(names, func(name string) bool { return name != "" }) {
		return lives, nil
	}
	err := o.ports.Hold(ctx, func() {
		for name := range lives {
			lives[name] = o.present(name)
		}
	})
	return lives, err
}

// livesStill is living for one name, and tells an error by itself.
func (o Options) livesStill(ctx context.Context, name string) bool {
	lives, err := o.living(ctx, []string{name})
	o.warnJournal(err)
	return lives[name]
}
