package emulator

import (
	"slices"

	"github.com/beevik/etree"

	"github.com/igdkit/igdkit/soap"
)

// view is what faults leave of the out-arguments of the call o.
func (s *state) view(o occasion, out []soap.Arg) ([]soap.Arg, error) {
	if o.action == "GetExternalIPAddress" {
		o.layer = onExternalIP
		d := s.meet(&o)
		if err := d.refused(); err != nil {
			return nil, err
		}
		out = d.rewriteArgs(out, nil)
	}
	o.layer = onView
	d := s.meet(&o)
	if err := d.refused(); err != nil {
		return nil, err
	}
	if o.action == "GetListOfPortMappings" {
		return d.rewriteListing(out, o.args), nil
	}
	return d.rewriteArgs(out, o.args), nil
}

// rewriteListing edits the entries of NewPortListing by the names of AddPortMapping's arguments, and NewPortListing itself by its own.
func (d *deed) rewriteListing(out, in []soap.Arg) []soap.Arg {
	var whole, entries deed
	for _, e := range d.edits {
		if e.name == "NewPortListing" {
			whole.edits = append(whole.edits, e)
			continue
		}
		e.name = listingElement(e.name)
		if e.set != nil && e.set.SameAs != "" {
			e.set = &Setting{SameAs: listingElement(e.set.SameAs)}
		}
		entries.edits = append(entries.edits, e)
	}
	if len(entries.edits) > 0 && len(out) > 0 {
		out[0].Value = entries.rewriteEntries(out[0].Value)
	}
	return whole.rewriteArgs(out, in)
}

// listingElement is what an argument of AddPortMapping is called in a PortMappingEntry (WANIPConnection:2 §2.3.27).
func listingElement(name string) string {
	switch name {
	case "NewPortMappingDescription":
		return "NewDescription"
	case "NewLeaseDuration":
		return "NewLeaseTime"
	}
	return name
}

func (d *deed) rewriteEntries(listing string) string {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(listing); err != nil {
		return listing
	}
	for _, entry := range doc.FindElements("//PortMappingEntry") {
		d.rewriteElements(entry)
	}
	return string(writeXML(doc))
}

// tellable is what faults leave of variables that are to be told to a subscriber: the external address goes through the same view as that
// of GetExternalIPAddress, and where that has an error, there is no address to tell.
func (s *state) tellable(c *connection, all []property) []property {
	if s.faults.on(onExternalIP) == nil {
		return all
	}
	for i, p := range all {
		if p.name != "ExternalIPAddress" {
			continue
		}
		d := s.meet(&occasion{layer: onExternalIP, connection: c})
		value := ""
		if d.refused() == nil {
			for _, a := range d.rewriteArgs([]soap.Arg{{Name: externalIPArgument, Value: p.value}}, nil) {
				value = a.Value
			}
		}
		told := slices.Clone(all)
		told[i].value = value
		return told
	}
	return all
}
