package client

import "os"

func thisMachine() Machine {
	m := linuxMachine(os.DirFS("/"))
	m.Filter = filtering
	return m
}
