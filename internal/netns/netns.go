// Package netns makes network namespaces and joins them by veth pairs, for one process that stands in several networks at
// once. It needs the capabilities of a namespace's owner, which a process that runs as root of its own user namespace has
// without being root of the machine. Everything here is Linux only.
package netns
