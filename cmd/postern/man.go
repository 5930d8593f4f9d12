package main

import (
	"fmt"

	"github.com/alecthomas/kong"
	mangokong "github.com/alecthomas/mango-kong"
	"github.com/muesli/roff"
)

type manCommand struct{}

// Run prints the manual page in the roff format: postern man | man -l -
func (manCommand) Run(a app, model *kong.Application) error {
	page := mangokong.NewManPage(1, model)
	fmt.Fprint(a.out, page.Build(roff.NewDocument()))
	return nil
}
