package emulator

import (
	"errors"
	"strings"
)

// Command is a program and its arguments. In the scenario language a list is exactly those, and one text is a line as one types it.
type Command []string

// UnmarshalText reads a line: one for sh -c if it has anything that means something to a shell, otherwise a program and its arguments with blanks
// between them.
func (c *Command) UnmarshalText(text []byte) error {
	line := string(text)
	if *c = strings.Fields(line); len(*c) == 0 {
		return errors.New("it is blank")
	}
	if strings.ContainsAny(line, "|&;<>()$`\\\"'*?[]#~=%{}!\n") {
		*c = Command{"sh", "-c", line}
	}
	return nil
}
