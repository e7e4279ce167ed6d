package client

import (
	"io"
	"io/fs"
	"strings"
)

// Machine is what is known of a machine beside its network.
type Machine struct {
	// Container is the kind of the container that this runs in, such as "docker", "podman" or "lxc". "": none, as far as can be
	// told.
	Container string
	// WSL is true in the Windows Subsystem for Linux.
	WSL bool
	// Firewalls are the packet filters of this machine that seem to be at work.
	Firewalls []Firewall
	// FirewallsKnown is false on a system that does not tell what filters it has, and in a container.
	FirewallsKnown bool
	// Filter tells what the packet filters do with what comes in; it may need privilege. nil: that cannot be told.
	Filter FilterFunc
}

// Firewall is a packet filter that seems to be at work.
type Firewall struct {
	Name string // "ufw", "firewalld", "nftables" or "iptables"
	Sign string // the file that says so
}

// maxMachineFile bounds each file that is read, in bytes.
const maxMachineFile = 64 << 10

// ThisMachine looks, without privilege, at what this machine tells about itself. It reads a few small files and asks nobody; Machine.Filter is
// asked later, if at all.
func ThisMachine() Machine { return thisMachine() }

// linuxMachine reads the files of a Linux system. Rules themselves are for root to read; that there are some is not.
func linuxMachine(root fs.FS) Machine {
	has := func(name string) bool {
		_, err := fs.Stat(root, name)
		return err == nil
	}
	m := Machine{FirewallsKnown: true}
	kernel := readSome(root, "proc/sys/kernel/osrelease")
	m.WSL = strings.Contains(strings.ToLower(kernel), "microsoft") || has("proc/sys/fs/binfmt_misc/WSLInterop")
	cgroups := readSome(root, "proc/1/cgroup")
	switch {
	case has(".dockerenv"):
		m.Container = "docker"
	case has("run/.containerenv"):
		m.Container = "podman"
	case has("run/systemd/container"):
		m.Container = strings.TrimSpace(readSome(root, "run/systemd/container"))
	case strings.Contains(cgroups, "/docker"):
		m.Container = "docker"
	case strings.Contains(cgroups, "/kubepods"):
		m.Container = "kubernetes"
	case strings.Contains(cgroups, "/lxc"):
		m.Container = "lxc"
	}
	for line := range strings.Lines(readSome(root, "etc/ufw/ufw.conf")) {
		if strings.EqualFold(strings.TrimSpace(line), "ENABLED=yes") {
			m.Firewalls = append(m.Firewalls, Firewall{"ufw", "/etc/ufw/ufw.conf"})
			break
		}
	}
	for _, sign := range []string{"run/firewalld.pid", "sys/fs/cgroup/system.slice/firewalld.service"} {
		if has(sign) {
			m.Firewalls = append(m.Firewalls, Firewall{"firewalld", "/" + sign})
			break
		}
	}
	if m.Container != "" {
		m.FirewallsKnown = false // what /sys tells is of the machine outside
		return m
	}
	if len(m.Firewalls) > 0 {
		return m // the tables are theirs
	}
	if n := strings.TrimSpace(readSome(root, "sys/module/nf_tables/refcnt")); n != "" && n != "0" {
		m.Firewalls = append(m.Firewalls, Firewall{"nftables", "/sys/module/nf_tables"})
	}
	if has("sys/module/iptable_filter") {
		m.Firewalls = append(m.Firewalls, Firewall{"iptables", "/sys/module/iptable_filter"})
	}
	if len(m.Firewalls) == 0 && !has("sys/module/nf_tables/refcnt") {
		m.FirewallsKnown = onlyLoaded(root, strings.TrimSpace(kernel))
	}
	return m
}

// onlyLoaded tells whether packet filters are modules of a kernel, so that one that is not loaded has no rules.
func onlyLoaded(root fs.FS, kernel string) bool {
	for _, dir := range []string{"lib/modules/", "usr/lib/modules/"} {
		if builtin := readSome(root, dir+kernel+"/modules.builtin"); builtin != "" {
			return !strings.Contains(builtin, "/nf_tables.ko") && !strings.Contains(builtin, "/iptable_filter.ko")
		}
	}
	return false
}

// readSome gives the beginning of a file, "" when there is none.
func readSome(root fs.FS, name string) string {
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, _ := io.ReadAll(io.LimitReader(f, maxMachineFile)) // what could be read is all there is to know
	return string(b)
}
