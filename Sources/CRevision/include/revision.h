#pragma once

/// The commit that this program was built from, in hexadecimal digits, `+` behind them where files had been changed since;
/// empty where nobody knows. Package.swift asks git, or takes LOCKSTEP_REVISION; in an archive git has written it here.
const char *lockstep_revision(void);
