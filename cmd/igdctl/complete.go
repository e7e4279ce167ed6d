package main

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/igdkit/igdkit/client"
)

// completeSpec offers the protocols once the ports of a SPEC are written.
func completeSpec(_ *cobra.Command, _ []string, word string) (words []string, _ cobra.ShellCompDirective) {
	ports, _, _ := strings.Cut(word, "/")
	if _, err := parseSpec(ports); err == nil {
		for _, protocol := range []string{"tcp", "udp", "both"} {
			words = append(words, ports+"/"+protocol)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completeOpened offers what close closes: the ports to this computer that the journal says are open, and nobody keeps. No gateway is asked.
func (a *app) completeOpened(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	all, _ := client.ReadJournal(context.Background(), client.Options{Journal: a.journal}) // a shell has no place for the error
	for _, e := range all {
		to, _ := netip.ParseAddr(e.InternalClient) // of another computer, or of a router: not to be closed from here
		sp := spec{external: e.ExternalPort, internal: e.InternalPort, protocol: strings.ToLower(e.Protocol)}.String()
		ended := !e.Ends.IsZero() && time.Now().After(e.Ends)
		if !ended && !e.Kept && len(e.Shared) == 0 && isOwn(to) && !slices.Contains(args, sp) {
			words = append(words, sp+"\t"+e.Description)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// completePinholes offers the pinholes that the record says are open.
func (a *app) completePinholes(_ *cobra.Command, args []string, _ string) (words []string, _ cobra.ShellCompDirective) {
	rows, _ := a.pinholesOpen(context.Background())
	for _, r := range rows {
		sp := spec{external: r.Port, internal: r.Port, protocol: client.ProtocolName(r.Protocol)}.String()
		if len(args) == 0 && !slices.Contains(words, sp) { // one for each address
			words = append(words, sp)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
