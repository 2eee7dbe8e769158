// What the program complains of.
#pragma once

#include <string>

#include "base/error.h"

namespace whichfirst {

/// The text of the Error that `action` throws, "no error" where it throws none. Other exceptions
/// pass, and fail the test.
template <class Action>
std::string complaint_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace whichfirst
