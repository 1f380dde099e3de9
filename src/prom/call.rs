//! The three questions that are put to the HTTP API, and how they are written.
//!
//! Never sends them: `direct` and `server` do.

use reqwest::Url;

use super::error::PromError;
use super::pace::Pace;

/// One question: GET, since proxies that only read let nothing else through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call<'q> {
    /// An instant query, now by the server's clock.
    Now(&'q str),
    /// An instant query, at seconds since 1970.
    At(&'q str, i64),
    /// A range query; seconds since 1970, and seconds.
    Range {
        /// PromQL.
        expr: &'q str,
        /// First instant.
        from: i64,
        /// Last instant.
        to: i64,
        /// Between two instants.
        step: i64,
    },
}

impl<'q> Call<'q> {
    /// PromQL.
    pub(super) fn expr(self) -> &'q str {
        match self {
            Self::Now(expr) | Self::At(expr, _) | Self::Range { expr, .. } => expr,
        }
    }

    /// Path and query, as the library writes them for a server that is asked directly.
    pub(super) fn path_and_query(self, pace: &Pace) -> Result<String, PromError> {
        let mut params = vec![("query", self.expr().to_owned())];
        let path = match self {
            Self::Now(_) => "query",
            Self::At(_, at) => {
                params.push(("time", at.to_string()));
                "query"
            }
            Self::Range { from, to, step, .. } => {
                params.push(("start", from.to_string()));
                params.push(("end", to.to_string()));
                params.push(("step", step.to_string()));
                "query_range"
            }
        };
        params.push(("timeout", format!("{}ms", milliseconds(pace))));
        let url = Url::parse_with_params(&format!("http://carried/api/v1/{path}"), params)
            .map_err(|error| PromError::Address { cause: error.to_string().into() })?;
        Ok(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
    }
}

/// How long the server may work on it, in milliseconds.
pub(super) fn milliseconds(pace: &Pace) -> i64 {
    i64::try_from(pace.evaluation.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_a_query_is_escaped() {
        let pace = Pace::default();
        let call = Call::At(r#"sum(x{a=~"b+c&d"}) / 2 % 3 # é"#, 1_700_000_000);
        assert_eq!(
            call.path_and_query(&pace).unwrap(),
            "/api/v1/query?query=sum%28x%7Ba%3D%7E%22b%2Bc%26d%22%7D%29+%2F+2+%25+3+%23+%C3%A9\
             &time=1700000000&timeout=8000ms",
        );
        let call = Call::Range { expr: "up", from: 60, to: 120, step: 15 };
        assert_eq!(
            call.path_and_query(&pace).unwrap(),
            "/api/v1/query_range?query=up&start=60&end=120&step=15&timeout=8000ms",
        );
    }
}
