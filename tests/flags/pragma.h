/* What no option on the command line takes back. */
#pragma GCC optimize("fast-math")
