package main

import "syscall"

// endWithParent has the kernel send quit to the process when we end, however we end.
func endWithParent(a *syscall.SysProcAttr, quit syscall.Signal) { a.Pdeathsig = quit }
