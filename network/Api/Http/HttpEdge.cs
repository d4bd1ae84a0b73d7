using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bft.Network.Api.Http;

/// <summary>
/// What surrounds every HTTP operation: reads may be made by the pages of other validators (public, without credentials), and an
/// error becomes a problem document and a line in the log, never a stack trace on the wire.
/// </summary>
internal sealed partial class HttpEdge(ILogger<HttpEdge> log) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.Headers.AccessControlAllowOrigin = "*";
        }

        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            return await next(context);
        }
        catch (BadHttpRequestException bad)
        {
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? Problems.TooLarge(bad.Message) : Problems.Malformed(bad.Message);
        }
        catch (Exception gone) when (http.RequestAborted.IsCancellationRequested || gone is ConnectionResetException)
        {
            return Results.Empty;
        }
        catch (IOException malformed)
        {
            // What the server says of a chunk whose length is none.
            return http.Response.HasStarted ? Results.Empty : Problems.Malformed(malformed.Message);
        }
        catch (Exception bug)
        {
            Failed(log, bug, http.Request.Method, http.Request.Path);
            return http.Response.HasStarted ? Results.Empty : Problems.Internal();
        }
    }

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void Failed(ILogger log, Exception error, string method, string path);
}
