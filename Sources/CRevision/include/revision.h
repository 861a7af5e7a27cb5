#pragma once

/// The commit that this program was built from, in hexadecimal digits, `+` behind them where files had been changed since;
/// empty where nobody knows. launch/common.sh asks git and Package.swift passes it on; in an archive git has written it here.
const char *lockstep_revision(void);
